"""The bar's path of a lift that lies: over the shoulders, towards the feet."""

import numpy as np
import pytest

from benchmarks.lift_suite import film_of
from lib.analysis.report import analyse
from lib.pose import Pose3D
from lib.skeleton import JOINT


@pytest.fixture(scope="module")
def bench() -> Pose3D:
    one = film_of("dev", "bench_press", "two", 90, 30)
    return Pose3D(one.xyz_m, 30.0, "metre", "world", np.ones(len(one.xyz_m), bool))


def path_of(pose: Pose3D) -> dict:
    return analyse(pose, exercise="bench_press", exercise_source="user")["sets"][0]["bar_path"]


def test_it_is_that_of_the_wrists_from_the_shoulders(bench):
    path = path_of(bench)
    assert (path["origin"], path["proxy"], path["unit"]) == ("shoulders", "wrist_mid", "m")
    wrist, shoulder = (
        (bench.xyz[:, JOINT["l" + part]] + bench.xyz[:, JOINT["r" + part]]) / 2
        for part in ("wrist", "shoulder")
    )
    up = (wrist - shoulder)[:, 2]
    for rep in path["reps"]:
        assert max(rep["up"]) == pytest.approx(up.max(), abs=0.03)
        assert min(rep["up"]) == pytest.approx(up.min(), abs=0.05)


def test_the_bar_goes_towards_the_feet_on_its_way_to_the_chest(bench):
    moved = bench.xyz.copy()
    line = (moved[:, JOINT["root"]] - moved[:, JOINT["neck"]])[:, :2].mean(0)
    ahead = np.array([*(line / np.linalg.norm(line)), 0.0])
    for name in ("lwrist", "rwrist"):
        moved[:, JOINT[name]] += 0.10 * ahead
    shifted = Pose3D(moved, 30.0, "metre", "world", bench.valid)
    for before, after in zip(path_of(bench)["reps"], path_of(shifted)["reps"], strict=True):
        num = min(len(before["forward"]), len(after["forward"]))
        off = np.subtract(after["forward"][:num], before["forward"][:num])
        assert np.median(off) == pytest.approx(0.10, abs=0.02)


def test_a_hidden_trunk_shows_no_way_to_the_feet(bench):
    hidden = bench.xyz.copy()
    hidden[:, JOINT["root"]] = np.nan
    rep = path_of(Pose3D(hidden, 30.0, "metre", "world", bench.valid))["reps"][0]
    assert all(value is None for value in rep["forward"]) and rep["up"][0] is not None
