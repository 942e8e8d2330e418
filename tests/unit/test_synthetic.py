"""Made-up bodies and movements: rigid bones, planted contacts, no limit broken, faults visible."""

from itertools import pairwise

import numpy as np
import pytest
from made_motions import bend, in_set, joint, knee_deg, lean_deg, made, middle

from lib.data.fit3d import ACTIONS as FIT3D_ACTIONS
from lib.data.fit3d_checks import check_body
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.motions import ACTIONS, EXTRA_ACTIONS, FAULTS, Motion, make_sequence
from lib.data.synthetic.squat import draw_style, squat
from lib.errors import UserError
from lib.geometry import angle_deg, flexion_deg
from lib.skeleton import BONES

SEEDS = range(4)
ALL_ACTIONS = (*ACTIONS, *EXTRA_ACTIONS)
EXTRA_BONES = tuple((s + a, s + b) for s in "lr" for a, b in
                    (("ankle", "heel"), ("ankle", "toe"), ("heel", "toe"), ("wrist", "handtip"),
                     ("wrist", "thumb"), ("handtip", "thumb")))  # fmt: skip


def test_names_are_fit3d_names():
    assert set(ACTIONS) <= set(FIT3D_ACTIONS)
    assert {"squat", "deadlift", "pushup"} <= set(ACTIONS)
    assert len(ACTIONS) >= 12
    assert not set(EXTRA_ACTIONS) & set(FIT3D_ACTIONS)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_body_stands_as_tall_as_its_stature(sex):
    for seed in SEEDS:
        body = make_body(seed, sex)
        rng = np.random.default_rng(seed)
        xyz_m = make_sequence(body, "barbell_shrug", rng, num_reps=0).xyz_m
        assert np.median(xyz_m[..., 2].max(1)) == pytest.approx(body.stature_m, rel=0.06)
        assert 1.5 < body.stature_m < 1.95


def test_bodies_differ_and_repeat():
    assert make_body(3) == make_body(3)
    assert len({make_body(seed).thigh_m for seed in range(20)}) == 20
    women = np.mean([make_body(s, "female").stature_m for s in range(20)])
    assert women < np.mean([make_body(s, "male").stature_m for s in range(20)])


def test_body_of_unknown_sex():
    with pytest.raises(ValueError, match="female or male"):
        make_body(1, "other")


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_bones_are_rigid_sides_right_and_all_above_the_floor(action, tmp_path):
    for seed in SEEDS:
        xyz_m = made(action, seed, num_reps=2).xyz_m
        assert np.isfinite(xyz_m).all()
        for parent, child in (*BONES, *EXTRA_BONES):
            length = np.linalg.norm(joint(xyz_m, parent) - joint(xyz_m, child), axis=-1)
            assert np.ptp(length) < 1e-6, (parent, child, seed)
        assert xyz_m[..., 2].min() > 0
        check_body(xyz_m, tmp_path)


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_no_joint_limit_is_broken(action):
    for seed in SEEDS:
        xyz_m = made(action, seed, num_reps=2).xyz_m
        to_left = joint(xyz_m, "lhip") - joint(xyz_m, "rhip")
        to_left /= np.linalg.norm(to_left, axis=-1, keepdims=True)
        trunk = joint(xyz_m, "neck") - joint(xyz_m, "root")
        for side in "lr":
            knee = knee_deg(xyz_m, side)
            thigh = joint(xyz_m, side + "knee") - joint(xyz_m, side + "hip")
            shank = joint(xyz_m, side + "ankle") - joint(xyz_m, side + "knee")
            foot = joint(xyz_m, side + "toe") - joint(xyz_m, side + "heel")
            forward_bend = (np.cross(thigh, shank) * to_left).sum(-1)
            assert (forward_bend[knee > 12] > 0).all(), "a knee bends backward"
            assert knee.max() < 150
            assert bend(xyz_m, side, "shoulder", "elbow", "wrist").max() < 152.5
            dorsiflexion = 90 - angle_deg(-shank, foot)
            assert dorsiflexion.min() > -25
            assert dorsiflexion.max() < 60  # toes tucked under, which this foot shows as ankle
            sagittal = thigh - (thigh * to_left).sum(-1, keepdims=True) * to_left
            is_flexed = (np.cross(trunk, sagittal) * to_left).sum(-1) > 0
            hip = angle_deg(-trunk, sagittal) * np.where(is_flexed, 1, -1)
            assert hip.min() > -35
            assert hip.max() < 150


@pytest.mark.parametrize("action", ALL_ACTIONS)
def test_nothing_jumps(action):
    for seed in SEEDS:
        motion = made(action, seed, num_reps=2)
        speed = np.linalg.norm(np.diff(motion.xyz_m, axis=0), axis=-1) * motion.fps
        jerkiness = np.linalg.norm(np.diff(motion.xyz_m, 2, axis=0), axis=-1) * motion.fps**2
        assert speed.max() < 13
        assert jerkiness.max() < 320


LOW = ("ankle", "heel", "toe")
PLANTED = [("squat", LOW), ("deadlift", LOW), ("sit_to_stand", LOW),
           ("dumbbell_biceps_curls", LOW), ("barbell_row", LOW),
           ("pushup", ("toe", "wrist", "handtip", "thumb")),
           ("diamond_pushup", ("toe", "wrist", "handtip", "thumb")),
           ("mule_kick", ("wrist", "handtip", "thumb"))]  # fmt: skip


@pytest.mark.parametrize(("action", "parts"), PLANTED)
def test_contacts_stay_where_they_are_during_the_set(action, parts):
    faults = [f for f, actions in FAULTS.items() if action in actions]
    for seed in SEEDS:
        for fault in [(), *((f,) for f in faults)]:
            xyz_m = in_set(made(action, seed, fault, 2))
            for name in (side + part for side in "lr" for part in parts):
                assert np.ptp(joint(xyz_m, name), axis=0).max() < 1e-6, (name, seed, fault)


@pytest.mark.parametrize("action", ["squat", "deadlift", "dumbbell_reverse_lunge", "walk_the_box"])
def test_a_foot_on_the_floor_does_not_skate(action):
    for seed in SEEDS:
        motion = made(action, seed, num_reps=2)
        for side in "lr":
            toe = joint(motion.xyz_m, side + "toe")
            is_down = (toe[:-1, 2] < 0.0121) & (toe[1:, 2] < 0.0121)
            slip = np.linalg.norm(np.diff(toe, axis=0)[:, :2], axis=-1)
            assert slip[is_down].max() < 2e-4
            assert not is_down.all(), "it never steps"


BAR = ("barbell_dead_row", "barbell_row", "barbell_shrug", "clean_and_press", "deadlift",
       "drag_curl")  # fmt: skip


@pytest.mark.parametrize("action", BAR)
def test_a_bar_in_both_hands_is_rigid_and_straight_across(action):
    for seed in range(24):
        xyz_m = in_set(made(action, seed, num_reps=2))
        bar = joint(xyz_m, "lwrist") - joint(xyz_m, "rwrist")
        length = np.linalg.norm(bar, axis=-1)
        assert np.ptp(length) < 1e-3, seed
        assert 0.3 < length[0] < 0.75
        shoulders = joint(xyz_m, "lshoulder") - joint(xyz_m, "rshoulder")
        assert angle_deg(bar, shoulders).max() < 4
        hands = bar + joint(xyz_m, "lhandtip") - joint(xyz_m, "rhandtip")
        assert action == "deadlift" or np.ptp(np.linalg.norm(hands, axis=-1)) < 2e-3


@pytest.mark.parametrize("action", [action for action in BAR if action != "deadlift"])
def test_elbows_of_arms_on_a_bar_do_not_jerk(action):
    for seed in range(24):
        motion = made(action, seed, num_reps=2)
        for side in "lr":
            change = np.diff(joint(in_set(motion), side + "elbow"), 2, axis=0) * motion.fps**2
            assert np.linalg.norm(change, axis=-1).max() < 80, seed


def test_squat_is_balanced_and_deep():
    for seed in range(24):
        xyz_m = in_set(made("squat", seed, num_reps=2))
        knee = knee_deg(xyz_m)
        assert 74 < knee.max() < 127
        assert knee.min() < 14
        assert lean_deg(xyz_m).max() < 62
        foot = joint(xyz_m, "ltoe") - joint(xyz_m, "lheel")
        forward = np.array([1, 1, 0]) * (foot + joint(xyz_m, "rtoe") - joint(xyz_m, "rheel"))
        forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
        over = ((middle(xyz_m, "shoulder") - middle(xyz_m, "ankle")) * forward).sum(-1)
        assert over.min() > -0.08
        assert over.max() < 0.22


def test_deadlift_lifts_with_straight_arms_from_the_floor():
    for seed in range(24):
        motion = made("deadlift", seed, num_reps=2)
        xyz_m = in_set(motion)
        wrist = middle(xyz_m, "wrist")
        assert 0.24 < wrist[0, 2] < 0.34
        assert wrist[:, 2].max() > 0.36 * joint(xyz_m, "head")[:, 2].max()
        assert bend(xyz_m, "l", "shoulder", "elbow", "wrist").max() < 8
        assert 38 < lean_deg(xyz_m)[0] < 75
        i_top = wrist[: motion.marks[1] - motion.marks[0], 2].argmax()
        assert np.diff(wrist[:i_top, 2]).min() > -2e-3, "the bar sinks on its way up"
        for mark in motion.marks[:-1]:
            assert middle(motion.xyz_m, "wrist")[mark, 2] == pytest.approx(wrist[0, 2], abs=0.02)


def test_pushup_body_is_nearly_straight():
    for seed in SEEDS:
        xyz_m = in_set(made("pushup", seed, num_reps=2))
        hip = flexion_deg(*(middle(xyz_m, p) for p in ("shoulder", "hip", "ankle")))
        assert hip.max() < 13
        assert bend(xyz_m, "l", "shoulder", "elbow", "wrist").max() > 75


@pytest.mark.parametrize("action", ALL_ACTIONS)
@pytest.mark.parametrize("num_reps", [0, 1, 3])
def test_marks_bound_the_repetitions(action, num_reps):
    motion = made(action, 1, num_reps=num_reps)
    assert motion.num_frames > 50
    if num_reps == 0 or action in ("walk_the_box", "sit"):
        assert motion.marks == ()
        return
    assert len(motion.marks) == num_reps + 1
    assert motion.marks[0] > 0
    assert motion.marks[-1] < motion.num_frames
    assert all(after - before > 25 for before, after in pairwise(motion.marks))


def test_repetitions_turn_inside_their_marks():
    motion = made("squat", 2)
    assert len(motion.marks) >= 6
    knee = knee_deg(motion.xyz_m)
    for start, stop in pairwise(motion.marks):
        assert knee[start] < 14
        assert knee[start:stop].max() > 70
        assert start + 20 < start + knee[start:stop].argmax() < stop - 20


def test_same_state_same_sequence_other_state_another():
    first = make_sequence(make_body(1), "deadlift", np.random.default_rng(5))
    again = make_sequence(make_body(1), "deadlift", np.random.default_rng(5))
    other = make_sequence(make_body(1), "deadlift", np.random.default_rng(6))
    assert np.array_equal(first.xyz_m, again.xyz_m)
    assert first.marks == again.marks != other.marks


def _shown(fault: str, action: str, motion: Motion) -> float:
    """How strongly a fault shows, in its own unit; larger is worse."""
    xyz_m = in_set(motion)
    if fault in ("shallow", "deep"):
        sign = 1 if fault == "deep" else -1
        return sign * float((knee_deg(xyz_m) if action == "squat" else bend(
            xyz_m, "l", "shoulder", "elbow", "wrist")).max())  # fmt: skip
    to_left = joint(xyz_m, "lhip") - joint(xyz_m, "rhip")
    to_left = to_left[0] / np.linalg.norm(to_left[0])
    if fault == "knees_in":
        width = {p: (joint(xyz_m, "l" + p) - joint(xyz_m, "r" + p)) @ to_left
                 for p in ("knee", "ankle")}  # fmt: skip
        is_deep = knee_deg(xyz_m) > 0.6 * knee_deg(xyz_m).max()
        return -float((width["knee"] / width["ankle"])[is_deep].min())
    if fault == "asymmetric":
        aside = (middle(xyz_m, "hip") - middle(xyz_m, "ankle")) @ to_left
        return float(np.ptp(aside))
    if fault == "hip_sag":
        hip, line = middle(xyz_m, "hip"), middle(xyz_m, "shoulder") - middle(xyz_m, "ankle")
        along = ((hip - middle(xyz_m, "ankle")) * line).sum(-1) / (line**2).sum(-1)
        return float((middle(xyz_m, "ankle") + along[:, None] * line - hip)[:, 2].max())
    elbow = bend(xyz_m, "l", "shoulder", "elbow", "wrist")
    lean, knee = lean_deg(xyz_m), knee_deg(xyz_m)
    if fault == "arms_bent":
        return float(elbow.min())
    if fault == "missed_lockout":  # a straight deadlift has some lean as well
        top = (knee + lean).min() - 3.3 if action == "deadlift" else (
            knee if action == "squat" else elbow)[-1]  # fmt: skip
        return float(top)
    height = middle(xyz_m, "hip")[:, 2]
    i_low = int(height[: len(height) // 2].argmin()) if action == "squat" else 0
    rising = slice(i_low, i_low + int(np.argmax(knee[i_low:] < 0.5 * knee[i_low])) + 1)
    return float(lean[rising].max() - lean[i_low])


LIMIT = {
    "shallow": (-70, -66),
    "deep": (126, 109),
    "knees_in": (-0.95, -0.7),
    "asymmetric": (0.036, 0.036),
    "hip_sag": (0.05, 0.06),
    "hips_shoot_up": (5, 8),
    "missed_lockout": (15.5, 17),
    "arms_bent": (4, 11),
}


@pytest.mark.parametrize(("fault", "action"), [(f, a) for f in FAULTS for a in FAULTS[f]])
def test_a_fault_shows_and_its_absence_too(fault, action):
    clean, faulty = LIMIT[fault] if fault != "knees_in" else (-0.85, -0.75)
    for seed in SEEDS:
        assert _shown(fault, action, made(action, seed, (), 1)) < clean, seed
        assert _shown(fault, action, made(action, seed, (fault,), 1)) > faulty, seed


@pytest.mark.parametrize("action", FAULTS["missed_lockout"])
def test_who_misses_lockouts_stands_straight_before_and_after_the_set(action):
    joints = ("hip", "knee", "ankle") if action in ("squat", "deadlift") else (
        "shoulder", "elbow", "wrist")  # fmt: skip
    for seed in SEEDS:
        motion = made(action, seed, ("missed_lockout",), 3)
        angle = bend(motion.xyz_m, "l", *joints)
        after = motion.marks[-1] + round(0.4 * motion.fps)
        if action == "deadlift":  # on the way to the bar and back
            assert angle[: motion.marks[0]].min() < 9 and angle[after:].min() < 9
        else:
            assert angle[motion.marks[0]] < 17 and angle[after] < 17


def test_without_repetitions_there_is_no_lockout_to_miss():
    for action in FAULTS["missed_lockout"]:
        assert np.isfinite(made(action, 1, ("missed_lockout",), 0).xyz_m).all()


def test_low_squats_come_in_every_stance_with_the_knees_over_the_toes_or_outside():
    def drawn(faults):
        styles = [draw_style(np.random.default_rng(i), frozenset(faults)) for i in range(300)]
        narrow = [style for style in styles if style.held != "low bar"]
        return np.array([(style.stance_m, style.caving_deg) for style in narrow]).T

    (usual, _), (low, caving) = drawn(()), drawn(("deep",))
    assert usual.max() <= 0.52 and low.max() > 0.6 and low.min() < 0.32
    assert caving.min() < -20 and caving.max() <= 2


def test_low_squats_come_with_hanging_arms_and_lean_further():
    styles = [draw_style(np.random.default_rng(i), frozenset(("deep",))) for i in range(300)]
    hanging = [style for style in styles if style.held == "hanging"]
    assert 40 < len(hanging) < 80
    leans = {held: [s.more_lean_deg for s in styles if s.held == held]
             for held in ("high bar", "low bar", "hanging", "goblet")}  # fmt: skip
    assert max(leans["hanging"]) > 18 and max(leans["goblet"]) > 16 and min(leans["hanging"]) < -3
    assert all(8 < max(leans[bar]) <= 10 for bar in ("high bar", "low bar"))
    usual = [draw_style(np.random.default_rng(i), frozenset()) for i in range(50)]
    assert all(style.more_lean_deg == 0 and style.held != "hanging" for style in usual)
    body, seed = make_body(1), next(i for i, s in enumerate(styles) if s.held == "hanging")
    xyz, _ = squat(body, np.random.default_rng(seed), 1, frozenset(("deep",)), 25.0)
    wrist, hip = joint(xyz, "lwrist"), joint(xyz, "lhip")
    low = int(hip[:, 2].argmin())
    assert wrist[low, 2] < joint(xyz, "lshoulder")[low, 2] - 0.2


def test_unknown_names_are_refused():
    body, rng = make_body(1), np.random.default_rng(1)
    with pytest.raises(UserError, match="'push' cannot be made; choose from squat, deadlift"):
        make_sequence(body, "push", rng)
    with pytest.raises(UserError, match="'lazy' is unknown; choose from shallow"):
        make_sequence(body, "squat", rng, faults=("lazy",))
    with pytest.raises(UserError, match="shallow and deep exclude each other"):
        make_sequence(body, "squat", rng, faults=("deep", "shallow"))
    with pytest.raises(UserError, match="shallow and missed_lockout exclude each other"):
        make_sequence(body, "squat", rng, faults=("missed_lockout", "shallow"))
    with pytest.raises(UserError, match="does not fit action squat"):
        make_sequence(body, "squat", rng, faults=("hip_sag",))
