"""Following people, choosing one, and never mixing two."""

import time
import tracemalloc

import numpy as np
import pytest

from lib.detect.people import find_people
from lib.detect.tracks import NOBODY
from lib.errors import UserError
from lib.pose import Detections

SIZE = (1280, 720)
FIGURE = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [40, 120]


def detections(rows, ids=None, scores=None):
    """rows: (frame, x, y, size factor) of each detection, a rigid figure; in any order."""
    rows = np.array(rows, float).reshape(-1, 4)
    order = np.argsort(rows[:, 0], kind="stable")
    rows, ids, scores = (x if x is None else np.array(x)[order] for x in (rows, ids, scores))
    xy = rows[:, None, 1:3] + FIGURE * rows[:, None, 3:]
    ones = np.ones(xy.shape[:2])
    person_score = np.ones(len(rows)) if scores is None else scores
    return Detections(rows[:, 0].astype(int), xy, ones, ones, person_score, ids, "a.json")


def two_people(num_frames=60, missing=()):
    """A large person in the middle and a small one that walks past behind, order shuffled."""
    rng = np.random.default_rng(0)
    rows, truth = [], []
    for frame in range(num_frames):
        both = [(frame, 640 + 3 * np.sin(frame / 5), 380, 1.5), (frame, 100 + 18 * frame, 300, 0.6)]
        for i in rng.permutation(2):
            if (frame, i) not in missing:
                rows.append(both[i])
                truth.append(i)
    return rows, np.array(truth)


def test_two_persons_never_interleave_I2_I3():
    rows, truth = two_people()
    crowd = find_people(detections(rows), 30, SIZE)
    assert len(crowd.people) == 2
    for person in crowd.people:
        assert len(set(truth[crowd.labels == person.id])) == 1
    chosen, warning = crowd.choose()
    assert truth[crowd.labels == chosen.id][0] == 0 and warning == ""


def test_focus_chooses_I3_and_a_wrong_one_lists_who_is_there():
    crowd = find_people(detections(two_people()[0]), 30, SIZE)
    other = crowd.people[1].id
    assert crowd.choose(other)[0].id == other
    with pytest.raises(UserError, match=r"a.json: no person 77; --focus takes \d \(frames 0 to 59"):
        crowd.choose(77)


def test_a_person_survives_missing_frames_and_keeps_their_time_I1():
    lost = {(frame, 0) for frame in range(20, 32)} | {(40, 0)}
    rows, _ = two_people(missing=lost)
    crowd = find_people(detections(rows), 30, SIZE)
    person, _ = crowd.choose()
    pose = crowd.pose_of(person, np.arange(60) / 30, 30.0, SIZE)
    assert set(np.flatnonzero((pose.score <= 0).all(-1))) == {frame for frame, _ in lost}
    np.testing.assert_allclose(pose.xy_px[33], [640 + 3 * np.sin(33 / 5), 380] + 1.5 * FIGURE)


def test_ids_of_the_file_are_kept_and_an_id_switch_is_joined():
    rows = [(frame, 640, 380, 1.0) for frame in range(60)]
    crowd = find_people(detections(rows, ids=[4] * 30 + [9] * 30), 30, SIZE)
    person, _ = crowd.choose()
    assert (person.id, person.joined, person.num_frames) == (4, (9,), 60)
    assert crowd.choose(9)[0] is person


def test_of_a_hundred_joined_ids_a_few_are_named():
    rows = [(frame, 640, 380, 1.0) for frame in range(100)]
    person, _ = find_people(detections(rows, ids=np.arange(100)), 30, SIZE).choose()
    assert str(person) == "0 (frames 0 to 99, also 1, 2, 3, 4, 5, 6, 7, 8 and 91 more)"


@pytest.mark.parametrize(
    "ids", [[4] * 30 + [9] * 60 + [4] * 30, [4, 9, 8, 4] * 30, [4] * 30 + [9] * 30 + [4, 9] * 30]
)
def test_an_id_switch_to_and_fro_is_joined(ids):
    rows = [(frame, 640 + frame, 380, 1.0) for frame in range(120)]
    rows += [(frame, 150, 380, 1.0) for frame in range(20, 80)]
    crowd = find_people(detections(rows, ids=[*ids, *[5] * 60]), 30, SIZE)
    person, _ = crowd.choose()
    assert (person.id, person.num_frames) == (4, 120)
    assert set(person.joined) == set(ids) - {4} and crowd.choose(9)[0] is person


def test_who_is_seen_elsewhere_or_together_takes_no_turns():
    rows = [(frame, 640, 380, 1.0) for frame in [*range(30), *range(60, 90)]]
    for place, frames in ((900, range(30, 60)), (640, range(30, 61))):
        other = [(frame, place, 380, 1.0) for frame in frames]
        ids = [1] * 60 + [2] * len(other)
        assert len(find_people(detections(rows + other, ids), 30, SIZE).people) == 2


def test_a_track_elsewhere_or_of_another_size_is_not_joined():
    rows = [(frame, 200, 380, 1.0) for frame in range(30)]
    rows += [(frame, 640, 380, 1.0) for frame in range(30, 60)]
    rows += [(frame, 640, 380, 2.5) for frame in range(60, 90)]
    assert len(find_people(detections(rows, [1] * 30 + [2] * 30 + [3] * 30), 30, SIZE).people) == 3


def test_an_absence_of_many_seconds_is_not_bridged():
    rows = [(frame, 640, 380, 1.0) for frame in [*range(30), *range(300, 330)]]
    assert len(find_people(detections(rows), 30, SIZE).people) == 2


def test_of_two_detections_with_one_id_the_nearer_to_the_last_is_kept():
    rows, ids, scores = [], [], []
    for frame in range(20):
        rows.append((frame, 640, 380, 1.0))
        if frame % 2:
            rows.append((frame, 150, 380, 1.0))
        ids += [7] * (1 + frame % 2)
        scores += [1.0, 3.0][: 1 + frame % 2]
    crowd = find_people(detections(rows, ids, scores), 30, SIZE)
    pose = crowd.pose_of(crowd.choose()[0], np.arange(20) / 30, 30.0, SIZE)
    np.testing.assert_allclose(pose.xy_px, np.broadcast_to([640, 380] + FIGURE, (20, 17, 2)))
    assert (crowd.labels == NOBODY).sum() == 10


def test_a_ghost_on_top_of_a_person_does_not_end_the_track():
    rows = [(frame, 640, 380, 1.0) for frame in range(40)]
    rows += [(frame, 645, 385, 1.0) for frame in range(37, 80)]
    rows.sort(key=lambda row: row[0])
    crowd = find_people(detections(rows), 30, SIZE)
    assert crowd.people[0].num_frames == 80


def test_a_close_call_is_one_line_that_names_both_and_the_flag():
    rows = [(f, x, 380, 1.0) for f in range(30) for x in (400, 900)]
    crowd = find_people(detections(rows, ids=[1, 2] * 30), 30, SIZE)
    _, warning = crowd.choose()
    assert "persons 1 and 2" in warning and "--focus" in warning and "\n" not in warning
    assert crowd.choose(2)[1] == ""


@pytest.mark.parametrize("ids", [None, [1] * 90 + [2] * 60 + [3] * 90])
def test_who_comes_after_a_long_absence_may_be_the_same_and_is_named(ids):
    """A second set would be missing, and only the number of frames would tell."""
    rows = [(frame, 640, 380, 1.0) for frame in [*range(90), *range(400, 460)]]
    rows += [(frame, 150, 380, 0.8) for frame in range(90)]
    person, warning = find_people(detections(rows, ids), 30, SIZE).choose()
    assert (person.first_frame, person.last_frame) == (0, 89)
    assert "(frames 400 to 459)" in warning and "--focus" in warning and "\n" not in warning


def test_who_is_seen_for_a_moment_or_is_far_away_is_not_named():
    for size, frames in ((1.0, range(400, 410)), (0.4, range(400, 490))):
        rows = [(frame, 640, 380, 1.0) for frame in range(90)]
        rows += [(frame, 640, 380, size) for frame in frames]
        assert find_people(detections(rows), 30, SIZE).choose()[1] == ""


def test_nobody_with_a_trusted_joint_is_an_error():
    found = detections([(0, 640, 380, 1.0)])
    empty = Detections(
        found.frame_id,
        found.xy_px,
        found.score * 0.1,
        found.score,
        found.person_score,
        None,
        "a.json",
    )
    crowd = find_people(empty, 30, SIZE)
    with pytest.raises(UserError, match=r"a\.json: no person has a trusted keypoint"):
        crowd.choose()


def test_one_detection_is_a_person():
    crowd = find_people(detections([(3, 640, 380, 1.0)]), 30, SIZE)
    person, _ = crowd.choose()
    assert (person.first_frame, person.last_frame, person.num_frames) == (3, 3, 1)


def test_a_minute_at_60_fps_takes_seconds():
    rows = [(f, x + 20 * np.sin(f / 30), 380, 1.0) for f in range(3600) for x in (300, 900)]
    found = detections(rows)
    start = time.perf_counter()
    crowd = find_people(found, 60, SIZE)
    assert [p.num_frames for p in crowd.people] == [3600, 3600]
    assert time.perf_counter() - start < 10


def test_an_id_for_each_detection_takes_memory_by_detections_not_by_pairs():
    """P x P numbers of 6,000 would be 290 MB."""
    num = 6_000
    rows = [(20 * i, 100 + 300 * (i % 4), 380, 1.0) for i in range(num)]
    found = detections(rows, ids=np.arange(num))
    tracemalloc.start()
    crowd = find_people(found, 30, SIZE)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [p.num_frames for p in crowd.people] == [num // 4] * 4
    assert peak_bytes < 60e6
