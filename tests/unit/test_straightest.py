"""What remains at lockout is counted from the straightest that the recording shows."""

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, noisy, seen_by

from lib.analysis.exercises import load_exercise
from lib.analysis.report import analyse
from lib.analysis.rules import STRAIGHT_DEG
from lib.skeleton import indices

ELBOWS = {"pushup": "PU-04", "bench_press": "BP-03"}
LEVEL = {"unit": "metre", "up": np.array([0.0, -1.0, 0.0]), "up_method": "given",
         "up_sigma_deg": 1.0}  # fmt: skip


def motion(name, left=0.0, num=3):
    """left: phase of the elbows' 100 degrees that each repetition ends with."""
    timings = [Timing(hold_s=0.4, lockout=left)] * num
    return lift(name, timings, elbow_deg=100.0)[0]


def left_deg(xyz, name, **more):
    one = analyse(as_pose(xyz, **more), exercise=name, exercise_source="user")["sets"][0]
    return one["summary"]["metrics"][ELBOWS[name]]


@pytest.mark.parametrize("name", ELBOWS)
@pytest.mark.parametrize("left", [0.0, 0.15, 0.35])
def test_elbows_are_as_bent_as_they_are(name, left):
    found = left_deg(motion(name, left), name, frame="world", unit="metre")
    straight_deg = 1.5  # 0 to 3 in the made-up lifters
    wanted = 100 * left + 5 - straight_deg
    assert found["judged_mean"] == pytest.approx(wanted, abs=2.0)


@pytest.mark.parametrize("name", ELBOWS)
def test_an_elbow_seen_beside_itself_bends_no_arm(name):
    """An error that stays is that of the straight arm too."""
    off = seen_by(motion(name), 0)
    off[:, indices("lelbow", "relbow"), 2] += 0.04
    assert left_deg(off, name, **LEVEL)["judged_mean"] < 12.0
    assert left_deg(off, name, **LEVEL)["severity"] == "ok"


@pytest.mark.parametrize("start", [60, 30])
def test_arms_that_are_never_straight_are_not_the_body(start):
    """At most STRAIGHT_DEG is forgiven: whoever starts with bent arms, or holds them straight for
    less than half a second, has not locked them."""
    bent = motion("pushup", 0.4)[start:]  # the arms begin to bend at 33
    found = left_deg(bent, "pushup", frame="world", unit="metre")
    assert found["judged_mean"] == pytest.approx(40.0 - STRAIGHT_DEG["elbow"] + 5.0, abs=2.0)
    assert found["severity"] != "ok"


@pytest.mark.parametrize("yaw", [0, 90, 180])
def test_noise_alone_is_no_missed_lockout(yaw):
    told = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        told += [
            left_deg(noisy(seen_by(motion("pushup", left), yaw), rng, 30), "pushup", **LEVEL)
            for left in (0.0, 0.4)
        ]
    assert all(m["severity"] == "ok" for m in told[::2])
    assert sum(m["severity"] != "ok" for m in told[1::2]) >= 3


def test_only_measures_with_a_known_straight_can_be_counted_from_it():
    wanted = {"name": "n", "measure": "flare", "unit": "deg", "over_straightest_deg": 5}
    with pytest.raises(ValueError, match="over_straightest_deg goes with measure elbow or knee"):
        type(load_exercise("pushup").metrics["PU-04"])(**wanted)
