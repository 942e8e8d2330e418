"""A lifted pose in metres, with up, on the ground; and every flag that does not make sense."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, seen_by

from lib.body import middle, stature
from lib.errors import UserError
from lib.geometry import angle_deg
from lib.infer.ground import PlateBox, SizeConfig, grounded, scaled, size_notes
from lib.skeleton import JOINT, indices

FPS, FOCAL, PICTURE = 30, 1000.0, (1600, 1200)
SHRUNK = 1.15
"""How much larger the body is than the lifter says."""
BOX = PlateBox(30, 700, 500, 110, 112)


def lifted(name="squat", yaw=40.0, pitch=10.0, **more):
    """As from the lifter: too small and so too near, its place adrift."""
    true = seen_by(lift(name, [Timing()] * 2, FPS, lead_s=2)[0], yaw, pitch)
    t = np.arange(len(true)) / FPS
    drift = np.stack([0.02 * np.sin(t), 0 * t, 0.2 * np.sin(0.7 * t)], -1)
    pose = as_pose(true / SHRUNK + drift[:, None], FPS, focal_px=FOCAL, source="a.json", **more)
    return replace(pose, sigma=np.full(pose.score.shape, 0.02)), true


def test_height_gives_metres_up_and_feet_that_stay():
    pose, true = lifted()
    done = grounded(pose, SizeConfig(height_m=stature(true)), PICTURE)
    assert done.unit == "metre" and done.scale_method == "user_height"
    assert done.m_per_unit == pytest.approx(SHRUNK) and 0.01 < done.scale_sigma < 0.1
    assert done.height_m == pytest.approx(stature(done.xyz))
    np.testing.assert_allclose(done.sigma, 0.02 * SHRUNK)
    feet = indices("lankle", "rankle")
    assert np.ptp(done.xyz[:, feet], axis=0).max() < 0.005
    assert done.is_planted[:, feet].all() and not done.is_planted[:, JOINT["lwrist"]].any()
    assert float(angle_deg(done.up, true_up(10))) < 5 and done.up_method == "standing_body"
    travel, true_travel = (np.ptp(middle(xyz, "hip") @ true_up(10)) for xyz in (done.xyz, true))
    assert travel == pytest.approx(true_travel, rel=0.02)
    assert size_notes(done)[0].startswith("size from --height")


def true_up(pitch_deg):
    return np.array([0.0, -np.cos(np.radians(pitch_deg)), -np.sin(np.radians(pitch_deg))])


def test_without_a_size_it_stays_relative_but_is_grounded():
    pose, _ = lifted()
    done = grounded(pose, SizeConfig(), PICTURE)
    assert (done.unit, done.scale_method, size_notes(done)) == ("relative", "none", [])
    assert np.isnan([done.m_per_unit, done.scale_sigma, done.height_m]).all()
    assert np.isfinite(done.up).all() and done.is_planted.any()


def plate_box(true, i_frame, end):
    """The box around a 0.45 m plate at the right (1) or left (-1) end of a bar in the hands."""
    hands = middle(true[i_frame], "wrist")
    along = true[i_frame, JOINT["rwrist"]] - true[i_frame, JOINT["lwrist"]]
    along /= np.linalg.norm(along)
    across = np.linalg.svd(along[None])[2][1:]
    turn = np.linspace(0, 2 * np.pi, 73)
    rim = hands + end * 0.68 * along
    rim = rim + 0.225 * (np.cos(turn)[:, None] * across[0] + np.sin(turn)[:, None] * across[1])
    px = rim[:, :2] / rim[:, 2:] * FOCAL + np.array(PICTURE) / 2
    (x, y), (right, bottom) = px.min(0), px.max(0)
    return PlateBox(i_frame, x, y, right - x, bottom - y)


@pytest.mark.parametrize("end", [-1, 1])
@pytest.mark.parametrize("yaw", [0, 30, 60, 90, 180])
def test_a_plate_gives_metres_from_every_side(yaw, end):
    true = seen_by(lift("squat", [Timing()], FPS)[0], yaw, 5)
    if yaw == 90 and end == -1:
        end = 1  # seen along the bar, the right end is the nearer one
    pose = as_pose(true / SHRUNK, FPS, focal_px=FOCAL)
    done = scaled(pose, SizeConfig(plate_box=plate_box(true, 20, end)), PICTURE)
    assert done.m_per_unit == pytest.approx(SHRUNK, rel=0.03)
    assert (done.unit, done.scale_method) == ("metre", "plate") and np.isnan(done.height_m)
    assert "the plate" in size_notes(done)[0]


@pytest.mark.parametrize(("yaw", "end"), [(75, -1), (105, -1), (255, 1), (285, 1)])
def test_the_farther_plate_of_a_bar_seen_nearly_along_it(yaw, end):
    true = seen_by(lift("squat", [Timing()], FPS)[0], yaw, 5)
    pose = as_pose(true / SHRUNK, FPS, focal_px=FOCAL)
    done = scaled(pose, SizeConfig(plate_box=plate_box(true, 20, end)), PICTURE)
    assert done.m_per_unit == pytest.approx(SHRUNK, rel=0.03)


@pytest.mark.parametrize("off_deg", [-10, 10])
def test_the_nearer_plate_of_a_bar_that_was_lifted_askew(off_deg):
    """Its two ends are then nearly as far from the box."""
    true = seen_by(lift("squat", [Timing()], FPS)[0], 90, 5)
    turn, root = np.radians(off_deg), true[:, :1]
    turned = np.array(
        [[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]]
    )
    pose = as_pose(((true - root) @ turned + root) / SHRUNK, FPS, focal_px=FOCAL)
    done = scaled(pose, SizeConfig(plate_box=plate_box(true, 20, 1)), PICTURE)
    assert done.m_per_unit == pytest.approx(SHRUNK, rel=0.05)


@pytest.mark.parametrize("height", [0.9, 2.5])
def test_both_ends_of_the_height_do(height):
    done = grounded(lifted()[0], SizeConfig(height_m=height), PICTURE)
    assert stature(done.xyz) == pytest.approx(height)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ({"height_m": 0.89}, "--height 0.89"), ({"height_m": 2.51}, "0.9 to 2.5"),
        ({"height_m": 180.0}, "metres"), ({"height_m": float("nan")}, "--height"),
        ({"height_m": 1.8, "plate_box": BOX}, "give one of them"),
        ({"plate_m": 0.45}, "--plate-box"), ({"plate_m": 450.0, "plate_box": BOX}, "0.1 to 0.6"),
        ({"plate_box": replace(BOX, width=0.0)}, "W and H above 0"),
        ({"plate_box": replace(BOX, frame=1.5)}, "whole number"),
        ({"plate_box": replace(BOX, frame=-1.0)}, "whole number"),
        ({"plate_box": replace(BOX, x=float("nan"))}, "pixels"),
    ],
)  # fmt: skip
def test_sizes_that_make_no_sense(size, text):
    with pytest.raises(UserError, match=text) as told:
        SizeConfig(**size)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (replace(BOX, frame=9000.0), "the last one is"),
        (replace(BOX, x=1550.0), "not inside the picture of 1600 x 1200"),
        (replace(BOX, frame=12.0), "not seen around frame 12"),
        (replace(BOX, width=10.0, height=10.0), "m tall"),
    ],
)
def test_boxes_that_do_not_fit_the_recording(box, text):
    pose, _ = lifted()
    pose.xyz[5:20, JOINT["lwrist"]] = np.nan
    with pytest.raises(UserError, match=text):
        scaled(pose, SizeConfig(plate_box=box), PICTURE)


def test_a_body_of_unknown_legs_has_no_height():
    pose, _ = lifted()
    pose.xyz[:, indices("lankle", "rankle", "neck")] = np.nan
    with pytest.raises(UserError, match=r"a\.json: too little of legs"):
        grounded(pose, SizeConfig(height_m=1.8), PICTURE)


@pytest.mark.parametrize("num", [1, 2])
def test_one_frame(num):
    pose, _ = lifted()
    pose = as_pose(pose.xyz[:num], FPS, focal_px=FOCAL)
    done = grounded(pose, SizeConfig(height_m=1.8), PICTURE)
    assert stature(done.xyz) == pytest.approx(1.8) and done.up_method == "camera_y"


def test_frames_nobody_was_seen_in_say_nothing():
    pose, true = lifted()
    pose.valid[40:80] = False
    pose.xyz[40:80] = 7.0
    done = grounded(pose, SizeConfig(height_m=stature(true)), PICTURE)
    assert done.m_per_unit == pytest.approx(SHRUNK)
    assert np.isfinite(done.xyz).all()


def test_joints_that_were_never_seen_tell_no_size():
    """A lifter answers for them as well."""
    pose, _ = lifted()
    legs = [JOINT[side + part] for side in "lr" for part in ("hip", "knee", "ankle")]
    score = pose.score.copy()
    score[:, legs] = 0
    with pytest.raises(UserError, match="too little of legs"):
        grounded(replace(pose, score=score), SizeConfig(height_m=1.8), PICTURE)
    score = pose.score.copy()
    score[:, [JOINT["lwrist"], JOINT["rwrist"]]] = 0
    with pytest.raises(UserError, match="hands are not seen"):
        grounded(replace(pose, score=score), SizeConfig(plate_box=BOX), PICTURE)


def hidden(pose, *parts, but=()):
    """Both sides of these parts are seen in no frame but some."""
    score = pose.score.copy()
    rows = ~np.isin(np.arange(len(score)), but)
    score[np.ix_(rows, [JOINT[side + part] for side in "lr" for part in parts])] = 0
    return replace(pose, score=score)


def test_joints_that_flicker_up_in_a_frame_tell_no_size_and_rest_on_nothing():
    pose, _ = lifted()
    legs = hidden(pose, "hip", "knee", "ankle", but=[50])
    with pytest.raises(UserError, match="too little of legs"):
        grounded(legs, SizeConfig(height_m=1.8), PICTURE)
    feet = hidden(pose, "ankle", but=range(50, 60))
    assert not grounded(feet, SizeConfig(), PICTURE).is_planted.any()
    half = hidden(pose, "ankle", but=range(0, len(pose.xyz), 2))
    assert grounded(half, SizeConfig(), PICTURE).is_planted[:, indices("lankle", "rankle")].all()


def test_hands_need_to_be_seen_around_the_box_alone():
    true = seen_by(lift("squat", [Timing()], FPS)[0], 30, 5)
    pose = hidden(as_pose(true / SHRUNK, FPS, focal_px=FOCAL), "wrist", but=range(18, 22))
    done = scaled(pose, SizeConfig(plate_box=plate_box(true, 20, 1)), PICTURE)
    assert done.m_per_unit == pytest.approx(SHRUNK, rel=0.03)


@pytest.mark.parametrize("parts", [("ankle",), ("knee", "ankle"), ("hip", "knee", "ankle")])
def test_legs_that_nobody_saw_do_not_tell_up(parts):
    pose, _ = lifted()
    made_up = hidden(pose, *parts, but=[50])
    made_up.xyz[:, [JOINT[side + part] for side in "lr" for part in parts], 2] += 0.1
    done = grounded(made_up, SizeConfig(), PICTURE)
    assert done.up_method == "camera_y" and done.up_sigma_deg > 10


@pytest.mark.parametrize("side", ["l", "r"])
def test_one_leg_is_enough_to_tell_up(side):
    """Of somebody seen from the side the other may be hidden throughout; the lifter makes it up."""
    pose, _ = lifted(yaw=90)
    score = pose.score.copy()
    score[:, indices(*(side + part for part in ("hip", "knee", "ankle")))] = 0
    done = grounded(replace(pose, score=score), SizeConfig(), PICTURE)
    assert float(angle_deg(done.up, true_up(10))) < 5 and done.up_method == "standing_body"
