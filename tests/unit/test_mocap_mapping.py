"""Mappings: joints from markers, axes, units, and the choice of a mapping by a file's names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from lib.config import build, load_config
from lib.data.mocap.mapping import FOLDER, Mapping, choose, shipped_mappings, to_joints
from lib.data.mocap.points import Points
from lib.errors import UserError
from lib.skeleton import JOINT, LIMB_JOINTS

# A pelvis of known size: x forward, y left, z up; ASIS 0.24 m apart, PSIS 0.15 m behind.
PELVIS = {
    "RA": (0, -0.12, 1.0), "LA": (0, 0.12, 1.0), "RP": (-0.15, -0.05, 1.0), "LP": (-0.15, 0.05, 1.0)
}  # fmt: skip


def points_of(places: dict, num_frames: int = 2, fps=100.0, metres=1.0) -> Points:
    xyz = np.tile(np.array(list(places.values()), float), (num_frames, 1, 1))
    return Points(Path("a.trc"), tuple(places), xyz, fps, metres)


def mapping_of(joints: str, **keys) -> Mapping:
    content = {"files": ["trc"], "up": "z", "joints": yaml.safe_load(joints)} | keys
    return build(Mapping, content, "a.yaml")


def placed(source: Points, joints: str, name: str, **keys) -> np.ndarray:
    return to_joints(source, mapping_of(joints, **keys))[0][:, JOINT[name]]


def test_means_are_weighted_and_may_extend_a_line():
    points = points_of({"a": (0, 0, 1), "b": (0, 4, 1)})
    assert placed(points, "{nose: {mean: {a: 0.75, b: 0.25}}}", "nose").tolist() == [[0, 1, 1]] * 2
    assert placed(points, "{nose: {mean: {a: -1, b: 2}}}", "nose").tolist() == [[0, 8, 1]] * 2


def test_a_recipe_may_use_what_was_made_before_it():
    points = points_of({"a": (0, 0, 1), "b": (0, 4, 1), "neck": (9, 9, 9)})
    joints = "{rhip: {mean: {mid: 1}}, neck: {mean: {neck: 1}}, root: {mean: {rhip: 0.5, a: 0.5}}}"
    middle = {"mid": {"mean": {"a": 0.5, "b": 0.5}}}
    assert placed(points, joints, "root", points=middle)[0].tolist() == [0, 1, 1]
    assert placed(points, joints, "neck", points=middle)[0].tolist() == [9, 9, 9]
    assert mapping_of(joints, points=middle).needs == ("a", "b", "neck")


def test_a_marker_that_is_there_twice_is_told_only_if_it_is_needed():
    points = points_of({"a": (0, 0, 1), "b": (0, 4, 1), "c": (0, 5, 1)})
    doubled = replace(points, names=("a", "b", "b"))
    assert placed(doubled, "{nose: {mean: {a: 1}}}", "nose").tolist() == [[0, 0, 1]] * 2
    with pytest.raises(UserError, match=r"needs b \(doubled\) z, each once in the file"):
        placed(doubled, "{nose: {mean: {a: 0.2, b: 0.3, z: 0.5}}}", "nose")


def test_a_joint_is_missing_with_any_of_its_markers():
    points = points_of({"a": (0, 0, 1), "b": (0, 4, 1)}, 3)
    points.xyz[1, 1] = np.nan
    nose = placed(points, "{nose: {mean: {a: 0.5, b: 0.5}}, head: {mean: {a: 1}}}", "nose")
    assert np.isnan(nose).any(-1).tolist() == [False, True, False]
    head = placed(points, "{nose: {mean: {a: 0.5, b: 0.5}}, head: {mean: {a: 1}}}", "head")
    assert np.isfinite(head).all()
    assert np.isnan(placed(points, "{head: {mean: {a: 1}}}", "nose")).all()


@pytest.mark.parametrize(("side", "sign"), [("right", -1), ("left", 1)])
def test_hip_centres_are_those_of_the_regression(side, sign):
    """Harrington et al. 2007 by hand: W = 0.24 m, D = 0.15 m."""
    centre = {"right_asis": "RA", "left_asis": "LA", "mid_psis": "p", "side": side}
    joints = yaml.safe_dump({"rhip": {"hip_centre": centre}})
    middle = {"p": {"mean": {"RP": 0.5, "LP": 0.5}}}
    expected = [-0.24 * 0.15 - 0.0099, sign * (0.33 * 0.24 + 0.0073), 1 - 0.30 * 0.24 - 0.0109]
    hip = placed(points_of(PELVIS), joints, "rhip", points=middle)
    np.testing.assert_allclose(hip, [expected, expected], atol=1e-12)
    turned = {name: (-y, x, z) for name, (x, y, z) in PELVIS.items()}
    hip = placed(points_of(turned), joints, "rhip", points=middle)
    np.testing.assert_allclose(hip[0], [-expected[1], expected[0], expected[2]], atol=1e-12)


def test_lateral_markers_are_moved_inwards():
    leg = {"knee": (0, -0.15, 0.5), "ankle": (0, -0.15, 0.1), "heel": (-0.1, -0.1, 0),
           "toe": (0.15, -0.1, 0)}  # fmt: skip
    moved = {"point": "knee", "share": 0.1, "of": ["knee", "ankle"]}
    right, left = ["ankle", "knee", "heel", "toe"], ["heel", "toe", "ankle", "knee"]
    sides = {"rknee": right, "lknee": left}
    joints = yaml.safe_dump({j: {"moved": moved | {"across": way}} for j, way in sides.items()})
    np.testing.assert_allclose(placed(points_of(leg), joints, "rknee")[0], [0, -0.11, 0.5])
    np.testing.assert_allclose(placed(points_of(leg), joints, "lknee")[0], [0, -0.19, 0.5])
    along = "{rknee: {moved: {point: knee, share: 0.5, of: [knee, ankle], along: [knee, ankle]}}}"
    np.testing.assert_allclose(placed(points_of(leg), along, "rknee")[0], [0, -0.15, 0.3])


def test_a_move_without_a_direction_is_missing():
    same = points_of({"a": (0, 0, 1), "b": (0, 0, 1), "c": (0, 1, 1)})
    along = "{nose: {moved: {point: a, share: 1, of: [a, c], along: [a, b]}}, head: {mean: {a: 1}}}"
    assert np.isnan(placed(same, along, "nose")).all()


@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z"])
def test_every_up_axis_is_a_rotation_that_ends_with_z_up(up):
    axes = np.vstack([np.eye(3), np.zeros(3)])
    points = points_of(dict(zip(("x", "y", "z", "0"), axes, strict=True)), 1, metres=0.001)
    joints = "{rhip: {mean: {x: 1}}, rknee: {mean: {y: 1}}, rankle: {mean: {z: 1}}}"
    found, fps = to_joints(points, mapping_of(joints, up=up))
    matrix = found[0, [JOINT["rhip"], JOINT["rknee"], JOINT["rankle"]]] * 1000
    assert fps == 100
    assert np.linalg.det(matrix) == pytest.approx(1)
    expected = -1 if up.startswith("-") else 1
    assert matrix["xyz".index(up[-1]), 2] == pytest.approx(expected)


def test_unit_and_rate_come_from_the_file_or_the_mapping():
    joints = "{nose: {mean: {a: 1}}}"
    bare = points_of({"a": (0, 0, 1)}, fps=None, metres=None)
    found, fps = to_joints(bare, mapping_of(joints, fps=120, metres_per_unit=0.01))
    assert (fps, found[0, JOINT["nose"], 2]) == (120, 0.01)
    said, fps = to_joints(points_of({"a": (0, 0, 1)}), mapping_of(joints, fps=120))
    assert (fps, said[0, JOINT["nose"], 2]) == (100, 1)
    for keys, message in (({}, "needs fps"), ({"fps": 120}, "needs metres_per_unit")):
        with pytest.raises(UserError, match=message):
            to_joints(bare, mapping_of(joints, **keys))
    with pytest.raises(UserError, match="a.trc: 1 frames a second, expected"):
        to_joints(points_of({"a": (0, 0, 1)}, fps=1.0), mapping_of(joints))


def test_first_frames_may_be_left_out():
    points = points_of({"a": (0, 0, 1)}, 3)
    points.xyz[:, 0, 0] = [7, 8, 9]
    assert placed(points, "{nose: {mean: {a: 1}}}", "nose", skip_frames=1)[:, 0].tolist() == [8, 9]
    with pytest.raises(UserError, match="no joint in any of 0 frames"):
        placed(points, "{nose: {mean: {a: 1}}}", "nose", skip_frames=3)


@pytest.mark.parametrize(
    ("joints", "keys", "message"),
    [
        ("{hip: {mean: {a: 1}}}", {}, "joints.hip: no joint of ours"),
        ("{nose: {mean: {a: 0.5}}}", {}, "weights must add up to 1, not 0.5"),
        ("{nose: {}}", {}, "give one of mean, hip_centre, moved"),
        ("{nose: {moved: {point: a, share: 1, of: [a, b]}}}", {}, "give either along or across"),
        ("{nose: {middle: {a: 1}}}", {}, "unknown key"),
        ("{nose: {mean: {a: 1}}}", {"points": {"nose": {"mean": {"a": 1}}}}, "is a joint too"),
        ("{nose: {mean: {a: 1}}}", {"up": "w"}, "up: "),
        ("{nose: {mean: {a: 1}}}", {"files": ["fbx"]}, "files.0: "),
        ("{nose: {mean: {a: 1}}}", {"fps": 0}, "fps must be above 0, not 0"),
        ("{nose: {mean: {a: 1}}}", {"skip_frames": -1}, "skip_frames must be at least 0"),
    ],
)
def test_bad_mappings_are_refused(joints, keys, message):
    with pytest.raises(UserError, match="a.yaml: ") as caught:
        mapping_of(joints, **keys)
    assert message in str(caught.value)


def test_file_that_lacks_markers_is_told_which():
    mapping = load_config(Mapping, FOLDER / "opencap.yaml")
    with pytest.raises(UserError, match=r"a.trc: the mapping needs r.PSIS L.PSIS .* more, each"):
        to_joints(points_of({"C7": (0, 0, 1)}), mapping)


@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_shipped_mappings_are_chosen_by_their_names_alone(name):
    mapping = shipped_mappings()[name]
    assert set(LIMB_JOINTS) | {"root", "neck"} <= set(mapping.joints)
    places = dict.fromkeys((*mapping.needs, "another"), (0, 0, 1))
    assert choose(points_of(places), mapping.files[0]) is mapping
    del places[mapping.needs[0]]
    with pytest.raises(UserError, match=f"{name} lacks {mapping.needs[0]}[;)]"):
        choose(points_of(places), mapping.files[0])


def test_two_that_fit_are_both_named():
    both = (shipped_mappings()[name] for name in ("vicon_bvh", "daz_bvh"))
    places = dict.fromkeys((need for mapping in both for need in mapping.needs), (0, 0, 1))
    with pytest.raises(UserError, match="a.trc: daz_bvh and vicon_bvh fit; choose one with"):
        choose(points_of(places), "bvh")
