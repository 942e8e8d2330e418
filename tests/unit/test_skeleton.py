"""The working skeleton and the maps into it."""

import numpy as np
import pytest

from lib.skeleton import (
    BONES,
    COCO17,
    FIT3D25,
    HALPE26,
    JOINT,
    JOINTS,
    LAYOUTS,
    LIMB_JOINTS,
    MIRROR,
    indices,
    mirror_name,
    to_working,
)

each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())


def keypoints(layout, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(layout.num_joints, 2)), rng.uniform(0.3, 0.9, layout.num_joints)


def test_the_17_joints_and_16_bones_form_one_tree():
    assert len(JOINTS) == 17
    assert sorted(child for _, child in BONES) == sorted(set(JOINTS) - {"root"})
    reached = {"root"}
    for parent, child in BONES:
        assert parent in reached
        reached.add(child)


def test_mirror_exchanges_sides_and_undoes_itself():
    assert mirror_name("rknee") == "lknee"
    assert mirror_name("root") == "root"  # not 'loot'
    assert {name for name in JOINTS if mirror_name(name) == name} == {
        "root", "spine", "neck", "nose", "head",
    }  # fmt: skip
    assert [MIRROR[i] for i in MIRROR] == list(range(17))


def test_limb_joints_are_six_pairs():
    assert len(LIMB_JOINTS) == 12
    assert {mirror_name(name) for name in LIMB_JOINTS} == set(LIMB_JOINTS)


@each_layout
def test_every_working_joint_has_a_recipe_whose_weights_sum_to_one(layout):
    assert set(layout.recipe) == set(JOINTS)
    assert len(set(layout.joints)) == layout.num_joints
    np.testing.assert_allclose(layout.weights_JK.sum(1), 1)


@each_layout
def test_recipes_are_mirror_symmetric(layout):
    def other(source):
        swapped = {"r": "l", "l": "r"}.get(source[0], "") + source[1:]
        return swapped if swapped in layout.joints else source

    for joint, parents in layout.recipe.items():
        expected = {other(source): weight for source, weight in parents.items()}
        assert layout.recipe[mirror_name(joint)] == expected


@each_layout
def test_D16_scores_are_remapped_with_their_keypoints(layout):
    xy, score = keypoints(layout)
    _, mapped = to_working(xy, score, layout)
    for joint, parents in layout.recipe.items():
        assert mapped[JOINT[joint]] == min(score[layout.joints.index(p)] for p in parents)


@each_layout
def test_D17_a_derived_joint_is_missing_if_any_parent_is(layout):
    xy, score = keypoints(layout)
    for i_source, source in enumerate(layout.joints):
        lost = score.copy()
        lost[i_source] = 0
        mapped_xy, mapped = to_working(xy, lost, layout)
        for joint, parents in layout.recipe.items():
            assert (mapped[JOINT[joint]] == 0) == (source in parents), (joint, source)
        assert (mapped_xy[mapped == 0] == 0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_D17_a_keypoint_that_is_not_finite_is_missing(bad):
    xy, score = keypoints(COCO17)
    xy[COCO17.joints.index("lhip"), 1] = bad
    mapped_xy, mapped = to_working(xy, score, COCO17)
    assert mapped[indices("root", "lhip", "spine")].tolist() == [0, 0, 0]
    assert np.isfinite(mapped_xy).all()


def test_D17_the_head_is_the_crown_not_the_eyes():
    """Standing upright with y down: shoulders at 0.82 of stature, ears at 0.93."""
    xy, score = keypoints(COCO17)
    for side in "lr":
        xy[COCO17.joints.index(f"{side}shoulder")] = [0, -0.82]
        xy[COCO17.joints.index(f"{side}ear")] = [0, -0.93]
    mapped, _ = to_working(xy, score, COCO17)
    assert mapped[JOINT["head"], 1] == pytest.approx(-1.0, abs=0.01)


def test_D10_fit3d_legs_come_left_first():
    xyz = np.arange(75, dtype=float).reshape(25, 3)
    mapped, score = to_working(xyz, np.ones(25), FIT3D25)
    order = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]
    np.testing.assert_array_equal(mapped, xyz[order])
    assert score.all()


def test_sided_joints_are_taken_over_by_name():
    xy, score = keypoints(HALPE26)
    mapped, _ = to_working(xy, score, HALPE26)
    for name in LIMB_JOINTS:
        np.testing.assert_allclose(mapped[JOINT[name]], xy[HALPE26.joints.index(name)])


def test_leading_axes_are_kept():
    xy = np.random.default_rng(0).normal(size=(2, 5, 17, 3))
    score = np.ones((2, 5, 17))
    mapped, mapped_score = to_working(xy, score, COCO17)
    assert mapped.shape == (2, 5, 17, 3)
    assert mapped_score.shape == (2, 5, 17)
    np.testing.assert_allclose(mapped[1, 3], to_working(xy[1, 3], score[1, 3], COCO17)[0])


def test_another_number_of_keypoints_is_refused():
    with pytest.raises(ValueError, match="COCO-17 has 17 keypoints, got"):
        to_working(np.zeros((3, 18, 2)), np.ones((3, 18)), COCO17)
    with pytest.raises(ValueError, match="and scores"):
        to_working(np.zeros((3, 17, 2)), np.ones((2, 17)), COCO17)
