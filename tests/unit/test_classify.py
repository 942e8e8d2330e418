"""Naming the exercise: windows, averages, checkpoints and the say of the motion's rules."""

import numpy as np
import pytest
import torch
from tiny_models import CLASSES, save_classifier, save_lifter
from torch import nn

from lib.analysis.gate import guess_exercise
from lib.data.synthetic.writer import subject_sequence
from lib.errors import UserError
from lib.infer.classify import ClassifiedWindows, Classifier, choose_exercise, overruled
from lib.infer.lift import Lifter
from lib.pose import Pose2D, Pose3D
from lib.skeleton import FIT3D25, to_working


class FirstHalfSquats(nn.Module):
    """Squat where the first joint's mean x is below 0, else push-up; remembers what it was fed."""

    def __init__(self):
        super().__init__()
        self.fed = []

    def forward(self, x):
        self.fed.append(tuple(x.shape))
        is_left = (x[:, 0, :, 1, 0].mean(-1) < 0).float()
        return 20 * torch.stack([is_left, torch.zeros_like(is_left), 1 - is_left], -1)


def pose(num_frames, fps=50.0, score=0.9):
    rng = np.random.default_rng(0)
    xy = np.broadcast_to(rng.uniform(100, 500, (17, 2)), (num_frames, 17, 2)).copy()
    return Pose2D(xy, np.full((num_frames, 17), score), fps, (640, 640), source="a.json")


def classifier(model):
    return Classifier(model, CLASSES, clip_len=243, frame_step=3, fps=50)


@pytest.mark.parametrize(
    ("num_frames", "fps", "fed"),
    [(1, 50, 1), (30, 50, 11), (243, 50, 81), (600, 60, 81), (600, 30, 81)],
)
def test_windows_span_the_trained_time_whatever_the_frame_rate(num_frames, fps, fed):
    model = FirstHalfSquats()
    probability = classifier(model).classify(pose(num_frames, fps))
    assert list(probability) == CLASSES
    assert sum(probability.values()) == pytest.approx(1)
    num_fed = {shape[2] for shape in model.fed}
    assert all(abs(n - fed) <= 1 for n in num_fed) and model.fed[0][1] == 1


def test_windows_are_averaged():
    whole = pose(1000)
    whole.xy_px[:500, 1, 0] = 0
    whole.xy_px[500:, 1, 0] = 640
    probability = classifier(FirstHalfSquats()).classify(whole)
    assert 0.3 < probability["squat"] < 0.7 and probability["deadlift"] < 0.01


def test_nobody_seen_is_an_error():
    with pytest.raises(UserError, match=r"a\.json: no frame"):
        classifier(FirstHalfSquats()).classify(pose(20, score=0.0))


def test_checkpoints_explain_themselves(tmp_path):
    path = save_classifier(tmp_path / "action.pt")
    probability = Classifier.from_checkpoint(path).classify(pose(100))
    assert list(probability) == CLASSES
    again = Classifier.from_checkpoint(path).classify(pose(100))
    assert again == probability
    lifter = Lifter.from_checkpoint(save_lifter(tmp_path / "lifter.pt"))
    assert (lifter.window, lifter.fps, len(lifter.sha256)) == (27, 50.0, 64)
    assert np.isfinite(lifter.lift(pose(40)).xyz).all()


@pytest.mark.parametrize("device", ["cuda:99", "banana", "meta"])
def test_a_device_that_is_not_to_be_had_is_named(tmp_path, device):
    lifter, action = save_lifter(tmp_path / "l.pt"), save_classifier(tmp_path / "a.pt")
    for kind, path in ((Lifter, lifter), (Classifier, action)):
        with pytest.raises(UserError, match=f"^device '{device}' .* 'cpu' would do") as caught:
            kind.from_checkpoint(path, device)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_torchs_default_type_and_random_numbers_are_left_alone(tmp_path, dtype):
    lifter, action = save_lifter(tmp_path / "l.pt"), save_classifier(tmp_path / "a.pt")

    def answers():
        lifted = Lifter.from_checkpoint(lifter).lift(pose(40)).xyz
        return lifted, Classifier.from_checkpoint(action).windows(pose(100)).probability

    before, usual = torch.get_rng_state(), answers()
    assert torch.equal(torch.get_rng_state(), before)
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"):
            other = answers()
    finally:
        torch.set_default_dtype(torch.float32)
    for one, same in zip(usual, other, strict=True):
        np.testing.assert_array_equal(same, one)


def test_the_wrong_kind_of_checkpoint_is_refused(tmp_path):
    lifter, action = save_lifter(tmp_path / "l.pt"), save_classifier(tmp_path / "a.pt")
    with pytest.raises(UserError, match=r"l\.pt: holds a model for 'lifting'"):
        Classifier.from_checkpoint(lifter)
    with pytest.raises(UserError, match=r"a\.pt: holds a model for 'action'"):
        Lifter.from_checkpoint(action)


def test_a_checkpoint_of_another_shape_or_without_its_data_is_refused(tmp_path):
    wide = {"dim_feat": 32, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27}
    with pytest.raises(UserError, match=r"l\.pt: weights do not fit .*of another shape"):
        Lifter.from_checkpoint(save_lifter(tmp_path / "l.pt", model=wide))
    with pytest.raises(UserError, match=r"m\.pt: its config has no data\.fps"):
        Lifter.from_checkpoint(save_lifter(tmp_path / "m.pt", data={"clip_len": 27}))
    with pytest.raises(UserError, match=r"a\.pt: names .* for 3 classes"):
        Classifier.from_checkpoint(save_classifier(tmp_path / "a.pt", classes=["squat"]))


SURE = {"squat": 0.9, "deadlift": 0.06, "pushup": 0.04}
TORN = {"squat": 0.4, "deadlift": 0.35, "pushup": 0.25}
KNOWN = ["deadlift", "pushup", "sit_to_stand", "squat"]


@pytest.mark.parametrize(
    ("probability", "looks_like", "certainty", "wanted"),
    [
        (SURE, "squat", 0.9, ("squat", "classifier", 0.9)),
        (SURE, "unknown", 0.95, (None, "heuristic", 0.95)),  # a curl is none of its classes
        (SURE, "unknown", 0.8, ("squat", "classifier", 0.9)),
        (SURE, "deadlift", 0.9, ("squat", "classifier", 0.9)),  # the report warns
        (SURE, "sit_to_stand", 0.9, (None, "heuristic", 0.9)),  # never taught
        (SURE, "sit_to_stand", 0.3, ("squat", "classifier", 0.9)),
        (TORN, "deadlift", 0.8, (None, "heuristic", 0.8)),
        (TORN, "unknown", 0.8, (None, "heuristic", 0.8)),
        ({"jumping": 1.0}, "unknown", 0.8, (None, "heuristic", 0.8)),
        ({}, "squat", 0.8, (None, "heuristic", 0.8)),
    ],
)
def test_who_names_the_exercise(probability, looks_like, certainty, wanted):
    assert choose_exercise(probability, KNOWN, looks_like, certainty) == wanted


NONE = {"squat": 0.2, "deadlift": 0.05, "pushup": 0.05, "other": 0.7}
HALF = {"squat": 0.6, "deadlift": 0.05, "pushup": 0.05, "other": 0.3}
UNSURE = {"squat": 0.3, "deadlift": 0.15, "pushup": 0.15, "other": 0.4}


@pytest.mark.parametrize(
    ("probability", "is_sure", "looks_like", "certainty", "wanted"),
    [
        (NONE, False, "unknown", 0.6, ("unknown", "classifier", 0.7)),
        (NONE, False, "unknown", 0.95, ("unknown", "classifier", 0.7)),
        (NONE, False, "squat", 0.8, ("unknown", "classifier", 0.7)),  # told as a warning
        (NONE, False, "squat", 0.95, (None, "heuristic", 0.95)),  # a short set after much walking
        (NONE, False, "sit_to_stand", 0.6, (None, "heuristic", 0.6)),  # never taught
        (NONE, False, "sit_to_stand", 0.4, ("unknown", "classifier", 0.7)),
        (HALF, False, "unknown", 0.6, (None, "heuristic", 0.6)),  # no window is sure
        (HALF, False, "squat", 0.7, (None, "heuristic", 0.7)),
        (UNSURE, False, "squat", 0.7, (None, "heuristic", 0.7)),
        (HALF, True, "unknown", 0.6, ("squat", "classifier", 0.6)),
        (SURE | {"other": 0.0}, True, "unknown", 0.6, ("squat", "classifier", 0.9)),
        (SURE | {"other": 0.0}, True, "unknown", 0.95, (None, "heuristic", 0.95)),
    ],
)
def test_who_names_the_exercise_with_a_class_for_the_rest(
    probability, is_sure, looks_like, certainty, wanted
):
    given = choose_exercise(
        probability, KNOWN, looks_like, certainty, other="other", is_sure=is_sure
    )
    assert given == wanted


def test_a_contradiction_on_other_is_told_with_a_way_out():
    assert "--exercise squat" in overruled(NONE, KNOWN, "unknown", "squat", "other")
    assert overruled(NONE, KNOWN, "unknown", "unknown", "other") is None
    assert overruled(NONE, KNOWN, None, "squat", "other") is None
    assert overruled(UNSURE, KNOWN, "unknown", "squat", "other") is None


def test_other_and_its_threshold_come_from_the_checkpoint(tmp_path):
    names = ["squat", "deadlift", "other"]
    other = {"name": "other", "threshold": 0.8}
    path = save_classifier(tmp_path / "new.pt", classes=names, other=other)
    found = Classifier.from_checkpoint(path)
    assert (found.other, found.threshold) == ("other", 0.8)
    for old in ({}, {"other": None}):
        found = Classifier.from_checkpoint(save_classifier(tmp_path / "old.pt", **old))
        assert (found.other, found.threshold) == (None, 0.5)
    wrong = save_classifier(tmp_path / "w.pt", other=other)
    with pytest.raises(UserError, match=r"w\.pt: other.name 'other' is none of its classes"):
        Classifier.from_checkpoint(wrong)


def test_a_lift_is_named_from_the_threshold_upwards():
    classes = ["squat", "deadlift", "other"]
    given = np.array([[0.8, 0.1, 0.1], [0.79, 0.11, 0.1], [0.1, 0.1, 0.8], [0.34, 0.33, 0.33]])
    plain = Classifier(nn.Identity(), classes, clip_len=9, frame_step=1, fps=50)
    assert plain.named(given).tolist() == [0, 0, 2, 0]
    strict = Classifier(
        nn.Identity(), classes, clip_len=9, frame_step=1, fps=50, other="other", threshold=0.8
    )
    assert strict.named(given).tolist() == [0, 2, 2, 2] and int(strict.named(given[0])) == 0


@pytest.mark.parametrize(
    ("squat", "wanted"),
    [
        ([0.9, 0.2], "squat"),  # half of it, and one window sure
        ([0.7, 0.7], "other"),  # none sure
        ([0.9, 0.0], "other"),  # too little of it
        ([0.8], "squat"),
        ([0.79], "other"),
    ],
)
def test_a_track_is_named_by_its_average_and_its_surest_window(squat, wanted):
    classes = ["squat", "other"]
    strict = Classifier(
        nn.Identity(), classes, clip_len=9, frame_step=1, fps=50, other="other", threshold=0.8
    )
    squat = np.array(squat)
    time = np.arange(len(squat))
    windows = ClassifiedWindows(time, time, np.full(len(squat), 9), np.stack([squat, 1 - squat], 1))
    assert classes[strict.named_overall(windows)] == wanted
    strict.other = None
    assert strict.named_overall(windows) == windows.mean.argmax() and strict.is_sure(windows, 0)


@pytest.mark.parametrize("action", ["dumbbell_biceps_curls", "side_lateral_raise"])
def test_what_is_no_class_stays_unknown_and_says_how_to_insist(action):
    xyz_25 = subject_sequence(5, "s09", action, num_reps=3).xyz_m
    xyz, _ = to_working(xyz_25, np.ones(xyz_25.shape[:2]), FIT3D25)
    guess = guess_exercise(Pose3D(xyz, 50.0, "metre", "world", np.ones(len(xyz), bool)))
    assert guess[0] == "unknown"
    name, _, _ = choose_exercise(SURE, KNOWN, *guess)
    assert name is None
    assert "--exercise squat" in overruled(SURE, KNOWN, name, guess[0])


def test_nothing_to_say_where_the_network_was_followed_or_not_convinced():
    assert overruled(SURE, KNOWN, "squat", "unknown") is None
    assert overruled(TORN, KNOWN, None, "unknown") is None
    assert overruled(SURE, KNOWN, None, "squat") is None


@pytest.mark.parametrize("looks_like", ["unknown", "squat"])
def test_no_flag_is_advised_for_a_class_that_has_no_file(looks_like):
    probability = {"dumbbell_curl": 0.9, "squat": 0.1}
    chosen, _, _ = choose_exercise(probability, KNOWN, looks_like, 0.7)
    text = overruled(probability, KNOWN, chosen, looks_like)
    assert chosen is None and "--exercise" not in text
    assert "dumbbell_curl, for which there is no file in configs/exercises" in text
