"""Ids that a detector gives to the other of two people."""

import time

import numpy as np
import pytest

from lib.detect.people import find_people
from lib.detect.tracks import label_people
from lib.pose import Detections

SIZE = (1280, 720)
FIGURE = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [40, 120]


def detections(x, ids, present=True):
    """x, ids (T, P): places and ids of P rigid figures in every frame; present (T, P)."""
    present = np.broadcast_to(present, np.shape(x))
    frame = np.nonzero(present)[0]
    place = np.stack([np.asarray(x, float), np.full(np.shape(x), 380.0)], -1)[present]
    xy, num = place[:, None] + FIGURE, len(frame)
    score = np.full((num, 17), 0.9)
    return Detections(frame, xy, score, score, np.ones(num), np.asarray(ids)[present], "a.json")


def swapped(num_frames, at, num=2):
    """(T, P) ids 1 to P, that go round from frame `at` on."""
    ids = np.tile(np.arange(1, num + 1), (num_frames, 1))
    for frame in at:
        ids[frame:] = np.roll(ids[frame:], 1, axis=1)
    return ids


@pytest.mark.parametrize("at", [[150], [150, 151], [100, 140, 200], list(range(20, 280))])
def test_two_people_apart_whose_ids_are_exchanged_stay_two(at):
    x = np.tile([400.0, 900.0], (300, 1)) + 20 * np.sin(np.arange(300) / 10)[:, None]
    found = detections(x, swapped(300, at))
    crowd = find_people(found, 30, SIZE)
    assert sorted(person.id for person in crowd.people) == [1, 2]
    for person in crowd.people:
        assert person.num_frames == 300 and person.joined == ()
        pose = crowd.pose_of(person, np.arange(300) / 30, 30.0, SIZE)
        assert np.abs(np.diff(pose.xy_px[:, 0, 0])).max() < 5
    assert crowd.choose(2)[0].id == 2


def test_they_are_told_apart_where_one_of_them_comes_back_later():
    """The second is not seen for half a second around the exchange."""
    x, present = np.tile([400.0, 900.0], (300, 1)), np.ones((300, 2), bool)
    present[145:160, 1] = False
    found = detections(x, swapped(300, [150]), present)
    crowd = find_people(found, 30, SIZE)
    assert [person.num_frames for person in crowd.people] == [300, 285]
    for person in crowd.people:
        assert len(np.unique(found.xy_px[crowd.labels == person.id, 0, 0])) == 1


def test_who_walks_past_where_another_stood_keeps_their_id():
    """Two that go in a line, seen twice a second: each stands where the other was before."""
    x = 100 + 120.0 * np.arange(9)[:, None] + [0, 120]
    found = detections(x, swapped(9, []))
    labels, _ = label_people(found, 2)
    assert (labels == found.person_id).all()


def test_one_that_leaps_alone_is_left_as_it_was():
    x = np.tile([400.0, 900.0], (90, 1))
    x[45:, 0] = 150
    found = detections(x, swapped(90, []))
    labels, became = label_people(found, 30)
    assert (labels == found.person_id).all() and became == {}


def test_ids_exchanged_in_every_picture_of_minutes_take_seconds():
    num = 10_000
    x = np.tile([200.0, 600.0, 1000.0, 1400.0], (num, 1))
    ids = swapped(num, [], 4)
    ids[1::2] = ids[1::2][:, [1, 0, 3, 2]]
    start = time.process_time()
    labels, _ = label_people(detections(x, ids), 30)
    assert (labels.reshape(num, 4) == [1, 2, 3, 4]).all()
    assert time.process_time() - start < 20


def test_ids_that_are_ranks_take_no_longer():
    """A crowd's leaps have many that might answer them."""
    num, people = 1500, 12
    x = np.tile(200.0 * np.arange(people), (num, 1))
    ids = np.random.default_rng(0).permuted(np.tile(np.arange(1, people + 1), (num, 1)), axis=1)
    start = time.process_time()
    label_people(detections(x, ids), 30)
    assert time.process_time() - start < 6
