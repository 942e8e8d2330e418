"""Sitting down on a chair or box and standing up again; no squat, though the knees do the same.

What sets it apart: the hips come to rest far behind the feet with the trunk upright, and the trunk
leans forward before they leave the seat again (the flexion and momentum of Schenkman et al. 1990).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, Arms, Feet, Trunk, assemble, pose_legs
from lib.data.synthetic.knees import knees_over_toes
from lib.data.synthetic.posture import (
    arms_along,
    balanced_lean,
    balanced_shank,
    blend_arms,
    hands_on_thighs,
    hanging_arms,
    hips_over_ankles,
    hold,
    make_sway,
    raised,
    upright_trunk,
)
from lib.data.synthetic.rhythm import Rhythm, Tempo, drift, make_rhythm, smooth_step
from lib.data.synthetic.setup import approach_and_leave, make_approach
from lib.data.synthetic.stance import carried_over, place_feet, side_by_side

_MIDDLE_M = 0.035
"""The middle of the foot in front of the ankle."""
_HEEL_M = -0.06
"""The heel, likewise: who has the mass behind it does not get up."""
_ARMS_LOAD = 0.06
"""What arms in front of the trunk add to the balance, as a ratio of body mass."""
_MOST_HIP_DEG = 138.0
"""Hip flexion stays below."""
_MOST_LEAN_DEG = 54.0
_STANDING_LEAN_DEG = 3.0
_TRUNK_DEG_S = 120.0
"""Fastest trunk of an average repetition; people reach 100 to 150 when they stand up."""
_TRUNK_LAG = 0.1
"""Part of the time of standing up in which the trunk still leans when the seat is left already;
the same of sitting down."""
_HANDS = ("crossed", "thighs", "hanging", "forward", "clasped", "hips")
_HANDS_S = 0.1
"""Blur of when hands change places: as fast as a fast trunk, they would jerk."""


@dataclass(frozen=True)
class SitStyle:
    """One person's way to sit and to stand up, in the sagittal plane from the ankles' middle."""

    starts_seated: bool
    stance_m: float
    toe_out_deg: float
    stagger_m: float
    """The left foot in front of the right one."""
    seated_knee_deg: float
    seated_shank_deg: float
    """Forward lean of the shanks on the seat; more when the feet are pulled back."""
    seated_lean_deg: float
    seated_bend_deg: float
    """Trunk lean and spine flexion at rest on the seat."""
    peak_lean_deg: float
    """Trunk lean as the seat is left and met."""
    off: float
    """Part of the time of standing up that passes before the seat is left."""
    on: float
    """Part of the time of sitting down that is left when the seat is met."""
    shift_m: float
    """Hips to the left on the way: onto the stronger leg."""
    hands: tuple[str, str, str]
    """Where they are on the seat, on the way and standing."""
    go_s: float
    """Time to stand up or sit down."""


def draw_style(body: Body, rng: np.random.Generator, *, stays: bool = False) -> SitStyle:
    """Draw chair, feet and manner; one in four favours a leg, one in five is weak and slow.

    Only who stays on the seat may have the feet in front of the knees.
    """
    is_weak, is_lame = rng.random() < 0.2, rng.random() < 0.25
    seat = rng.uniform(0.34, 0.55)
    hip_z = seat + rng.uniform(0.07, 0.10) - body.ankle_height_m
    shank = float(np.clip(rng.normal(10, 9), -12, 28) if stays
                  else np.clip(rng.normal(15, 6), 6, 28))  # fmt: skip
    knee_z = body.shank_m * np.cos(np.radians(shank))
    thigh_up = np.degrees(np.arcsin(np.clip((knee_z - hip_z) / body.thigh_m, -0.5, 0.5)))
    knee = 90 + shank + thigh_up
    hip_x, _ = hips_over_ankles(body, knee, shank, 2 * body.hip_half_m)
    over_heels = float(balanced_lean(body, hip_x, shank, _ARMS_LOAD, _HEEL_M, 0.2))
    peak = rng.uniform(42, 54) if is_weak else rng.uniform(28, 50)
    peak = min(max(peak, over_heels), _MOST_LEAN_DEG, _MOST_HIP_DEG - 90 - thigh_up)
    hands = tuple(str(name) for name in rng.choice(_HANDS, 3))
    return SitStyle(
        starts_seated=bool(rng.random() < 0.6), stance_m=rng.uniform(0.14, 0.42),
        toe_out_deg=rng.uniform(0, 22),
        stagger_m=rng.normal(0, 0.07 if is_lame else 0.015), seated_knee_deg=knee,
        seated_shank_deg=shank, seated_lean_deg=rng.uniform(-14, 12),
        seated_bend_deg=rng.uniform(-2, 18), peak_lean_deg=peak,
        off=rng.uniform(0.25, 0.45), on=rng.uniform(0.25, 0.45),
        shift_m=float(rng.choice([-1, 1]) * rng.uniform(0.03, 0.08) if is_lame
                      else rng.normal(0, 0.008)),
        hands=hands if rng.random() < 0.5 else (hands[0],) * 3,
        go_s=rng.uniform(1.8, 3.2) if is_weak else rng.uniform(0.8, 2.2),
    )  # fmt: skip


def sit_to_stand(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Stands up and sits down num_reps times, or the other way round after stepping back to the
    chair. Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    style = draw_style(body, rng)
    seated_s, standing_s = rng.choice([0.3, 1.0, 3.0]) * rng.uniform(1.0, 1.35), rng.uniform(0.1, 2)
    turn_s, rest_s = (standing_s, seated_s) if style.starts_seated else (seated_s, standing_s)
    tempo = _tempo(style, turn_s, rng.uniform(0.8, 1.3), rest_s)
    return _perform(body, rng, style, tempo, num_reps, fps)


def sit(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Sits about, from the start on or after stepping back to the chair, and mostly gets up at
    the end; the longer, the more num_reps. It has no marks."""
    stays = bool(rng.random() < 0.3)
    style = replace(draw_style(body, rng, stays=stays), starts_seated=stays)
    if stays:
        tempo, num_ups = Tempo(1.0, 0.0, 1.0, 4.0 * num_reps), 0
    else:
        tempo, num_ups = _tempo(style, 1 + 4.0 * num_reps, 1.0, 0.5), min(num_reps, 1)
    xyz_m, _ = _perform(body, rng, style, tempo, num_ups, fps, 4.0 * num_reps)
    return xyz_m, ()


def _tempo(style: SitStyle, turn_s: float, back_ratio: float, rest_s: float) -> Tempo:
    """The style's time to the turn, back_ratio of it back; both long enough for the trunk."""
    parts = (style.off, style.on) if style.starts_seated else (style.on, style.off)
    go_s, back_s = (
        max(wanted_s, _trunk_s(style, part))
        for wanted_s, part in zip((style.go_s, back_ratio * style.go_s), parts, strict=True)
    )
    return Tempo(go_s, turn_s, back_s, rest_s)


def _trunk_s(style: SitStyle, seated_part: float) -> float:
    """Least time to stand up (or sit down) of which seated_part is spent on the seat."""
    leaning = (style.peak_lean_deg - style.seated_lean_deg) / (seated_part + _TRUNK_LAG)
    rising = (style.peak_lean_deg - _STANDING_LEAN_DEG) / (1 - seated_part)
    return 1.875 * max(leaning, rising) / _TRUNK_DEG_S  # a smooth step's steepest slope


def _perform(
    body: Body, rng: np.random.Generator, style: SitStyle, tempo: Tempo, num_reps: int, fps: float,
    about_s: float = 0.0,
):  # fmt: skip
    """xyz and marks; on a seat from the start, about_s are sat before the first repetition."""
    approach = make_approach(rng, backwards_in=True)
    if style.starts_seated:
        lead_s, tail_s = rng.uniform(0.4, 3.0) + about_s, rng.uniform(0.4, 3.0)
        rhythm = make_rhythm(rng, tempo, num_reps, lead_s, tail_s, fps)
        home = side_by_side(style.stance_m, style.toe_out_deg, stagger_m=style.stagger_m)
        feet = place_feet(body, rhythm.num_frames, home, [])
    else:
        rhythm = make_rhythm(rng, tempo, num_reps, approach.lead_s, approach.tail_s, fps)
        feet = approach_and_leave(body, rhythm, approach, style.stance_m, style.toe_out_deg,
                                  style.stagger_m)  # fmt: skip
    up, ready = _course(style, rhythm)
    trunk = _trunk(body, rng, style, rhythm, feet, up, ready)
    outward = rng.uniform(-4, 10) * (1 - up)
    knee_yaw = knees_over_toes(body, trunk, feet) + SIDE_SIGN[:, None] * outward
    knees = pose_legs(body, trunk, feet, knee_yaw)[0]
    seated, moving, standing = (
        _hands(body, rng, name, trunk, feet, knees, up, fps) for name in style.hands
    )
    ready, up = gaussian_filter1d([ready, up], _HANDS_S * fps, mode="nearest")
    arms = blend_arms(blend_arms(seated, moving, ready), standing, up)
    return assemble(body, trunk, feet, arms, knee_yaw), rhythm.marks


def _course(style: SitStyle, rhythm: Rhythm) -> tuple[np.ndarray, np.ndarray]:
    """(F,) up: 0 on the seat, 1 standing; ready: 0 trunk at rest, 1 trunk as the way needs it."""
    is_rep = rhythm.rep >= 0
    rise, sink = (rhythm.go, rhythm.back) if style.starts_seated else (rhythm.back, rhythm.go)
    risen = smooth_step((rise - style.off) / (1 - style.off))
    sunk = smooth_step(sink / (1 - style.on))
    leant = smooth_step(rise / (style.off + _TRUNK_LAG))
    back_up = smooth_step((sink - 1 + style.on + _TRUNK_LAG) / (style.on + _TRUNK_LAG))
    if style.starts_seated:
        up, ready = np.where(is_rep, (risen - sunk, leant - back_up), 0.0)
    else:
        up, ready = np.where(is_rep, (1 - sunk + risen, 1 - back_up + leant), 1.0)
    return np.clip(up, 0, 1), np.clip(ready, 0, 1)


def _trunk(
    body: Body, rng: np.random.Generator, style: SitStyle, rhythm: Rhythm, feet: Feet, up, ready
) -> Trunk:
    """Hips on the seat, on their way or over the feet; the trunk as balance or momentum asks."""
    num_frames, fps = rhythm.num_frames, rhythm.fps
    knee = style.seated_knee_deg + (rng.uniform(4, 9) - style.seated_knee_deg) * up
    needed = _STANDING_LEAN_DEG + (style.peak_lean_deg - _STANDING_LEAN_DEG) * (1 - up)
    # The knees go forward as the weight comes onto the feet.
    on_feet = smooth_step(up / rng.uniform(0.3, 0.5))
    balanced = balanced_shank(body, knee, needed, _ARMS_LOAD, _MIDDLE_M)
    shank = style.seated_shank_deg + on_feet * (balanced - style.seated_shank_deg)
    hip_x, hip_z = hips_over_ankles(body, knee, shank, style.stance_m)
    about = drift(rng, num_frames, fps, rng.uniform(0.5, 4.0))
    lean = ready * needed + (1 - ready) * (style.seated_lean_deg + about)
    bend = 3 + (1 - ready) * (style.seated_bend_deg - 3) + 6 * ready * (1 - up)
    sway = make_sway(rng, num_frames, fps)
    aside = style.shift_m * (smooth_step(up / 0.3) - 0.6 * up)
    base = carried_over(body, feet, fps)
    moved = np.stack([sway.x_m * up, sway.y_m * (0.3 + 0.7 * up) + aside], -1)
    hip = np.concatenate([base + moved, (hip_z + body.ankle_height_m)[:, None]], 1)
    hip[:, 0] += hip_x
    return upright_trunk(
        body, hip, lean, bend, sway, roll_deg=-40 * aside, side_deg=30 * aside,
        head_deg=rng.uniform(-6, 8) + rng.uniform(0.1, 0.6) * lean, feet=feet,
    )  # fmt: skip


def _hands(
    body: Body, rng: np.random.Generator, name: str, trunk: Trunk, feet: Feet, knees, up, fps: float
) -> Arms:
    """Arms of someone whose hands are where `name` of _HANDS says."""
    if name == "hanging":
        return hanging_arms(body, trunk, feet, 0.2)
    if name == "thighs":
        place = rng.uniform(0.4, 0.8)
        return hands_on_thighs(body, trunk, knees, place + (0.28 - place) * up)
    if name == "forward":
        raise_deg = rng.uniform(60, 95) + drift(rng, len(up), fps, np.full(2, 3.0))
        return arms_along(body, trunk, raised(raise_deg, rng.uniform(70, 95)),
                          raised(raise_deg + rng.uniform(0, 25), 92), [0.2, -0.6, 0.7])  # fmt: skip
    forward, aside, high = {
        "crossed": (0.10, rng.uniform(-0.03, -0.005), rng.uniform(-0.13, -0.06)),
        "clasped": (0.15, 0.012, rng.uniform(-0.20, -0.08)),
        "hips": (rng.uniform(-0.01, 0.05), 0.12, -0.25),
    }[name]
    wrist = np.multiply((forward, aside, high), body.stature_m)
    return hold(trunk, wrist, [-0.3, 1.0, -0.8], [0.3, -0.4, 1.0])
