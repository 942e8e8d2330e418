"""Squat: feet planted, bar over the middle of the foot; a repetition starts standing."""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import (
    SIDE_SIGN,
    Arms,
    Trunk,
    assemble,
)
from lib.data.synthetic.knees import knees_over_toes
from lib.data.synthetic.posture import (
    arms_along,
    balanced_lean,
    blend_arms,
    hanging_arms,
    hips_over_ankles,
    hold,
    make_sway,
    raised,
    upright_trunk,
)
from lib.data.synthetic.rhythm import (
    Rhythm,
    Tempo,
    bump,
    draw_depth,
    make_rhythm,
    ramp,
    smooth_step,
)
from lib.data.synthetic.setup import approach_and_leave, make_approach
from lib.data.synthetic.stance import carried_over


@dataclass(frozen=True)
class _Hold:
    """Where the load and the hands are."""

    chance: float
    chance_low: float
    """The same of those asked to go low."""
    load_x: float
    """The load, or the arms without one, in front of the shoulders, metres."""
    more_lean: float = 1.0
    """Share of the further lean that this load allows."""
    hands: tuple = ()
    """Left wrist from the neck base in the thorax frame (forward, sideways, up; ratios of stature),
    elbow pole, thumb pole; () = free."""


_HOLDS = {
    "high bar": _Hold(0.42, 0.3, -0.045, 0.5,
                      ((-0.030, 0.190, -0.018), (-0.5, 0.2, -1.0), (0.2, -1.0, 0.0))),
    "low bar": _Hold(0.25, 0.2, -0.075, 0.5,
                     ((-0.042, 0.215, -0.042), (-0.8, 0.3, -0.8), (0.2, -1.0, 0.0))),
    "front": _Hold(0.1, 0.1, 0.06, 1.0,
                   ((0.105, 0.115, 0.020), (1.0, 0.2, -0.3), (0.0, -1.0, 0.2))),
    "goblet": _Hold(0.1, 0.1, 0.16, 1.0,
                    ((0.120, 0.030, -0.045), (-0.2, 0.5, -1.0), (1.0, 0.0, 0.3))),
    "none": _Hold(0.13, 0.1, 0.45),
    "hanging": _Hold(0.0, 0.2, 0.1),
}  # fmt: skip
"""'none' = arms forward, 'hanging' = beside the legs, as some people in a laboratory leave them."""
_DEPTH_DEG = {"shallow": (45, 62), "deep": (112, 140), "": (82, 122)}
"""Knee flexion at the bottom, as asked for or not; heels on the floor, people reach some 140."""
_STANCE_M = {"deep": (0.30, 0.62), "low bar": (0.34, 0.62), "": (0.26, 0.52)}
"""Between the ankles; of those asked to go low every hold may come with a wide one."""
_CAVING_DEG = {"deep": (-24, 2), "": (-4, 2)}
"""Knees inside the line of the foot; below 0 outside of it, as hips that low need them."""
_CAVED_DEG = (9, 15)
"""Inside straight ahead, of knees that cave."""
_MORE_LEAN_DEG = (-4, 20)
"""Trunk lean at the bottom beyond what balance over the middle of the foot asks, of those asked to
go low: people recorded with such knees are over their toes."""
_UNLOCKED_DEG = (12, 38)
"""Knees between repetitions, of those who do not lock them out."""
_MIDDLE_M = 0.035
"""The middle of the foot in front of the ankle."""


@dataclass(frozen=True)
class SquatStyle:
    """One athlete's way to squat."""

    held: str
    """Key of the holds."""
    stance_m: float
    toe_out_deg: float
    standing_deg: float
    depth_deg: float
    """Knee flexion standing and at the bottom."""
    unlocked_deg: float
    """More of it between repetitions."""
    shank_deg: float
    """Forward lean of the shanks at the bottom."""
    load: float
    """Bar to body mass."""
    bar_x: float
    """The bar in front of the shoulders, metres."""
    more_lean_deg: float
    """Trunk lean at the bottom beyond that of balance over the middle of the foot."""
    caving_deg: float
    """Knees inside the toes at the worst moment."""
    shift_m: float
    """Hips to the left at the bottom."""


def draw_style(rng: np.random.Generator, faults: frozenset) -> SquatStyle:
    """Draw one; a fault asked for is in it. Unloaded, the arms take part in the balance."""
    is_low = "deep" in faults
    chances = [hold.chance_low if is_low else hold.chance for hold in _HOLDS.values()]
    held = str(rng.choice(list(_HOLDS), p=chances))
    depth = draw_depth(rng, _DEPTH_DEG, faults)
    manner = "deep" if is_low else held
    stance = rng.uniform(*_STANCE_M.get(manner, _STANCE_M[""]))
    toe_out = float(np.clip(rng.normal(12 + 28 * (stance - 0.3), 6), 0, 38))
    shank = np.clip(rng.normal(27, 4), 22, 36) + 0.12 * (depth - 90)
    is_caving = "knees_in" in faults
    out = _CAVING_DEG.get(manner, _CAVING_DEG[""])
    caving = rng.uniform(*(_CAVED_DEG if is_caving else out)) + is_caving * toe_out
    shift = rng.uniform(0.05, 0.08) * rng.choice([-1, 1])
    goblet, bar = rng.uniform(0.1, 0.25), rng.uniform(0.3, 1.1)
    load = {"none": 0.06, "hanging": 0.06, "goblet": goblet}.get(held, bar)
    more_lean = rng.uniform(*_MORE_LEAN_DEG) if is_low else 0.0
    return SquatStyle(
        held=held, stance_m=stance, toe_out_deg=toe_out, standing_deg=rng.uniform(4, 8),
        depth_deg=depth, shank_deg=float(shank), load=load,
        more_lean_deg=more_lean * _HOLDS[held].more_lean, bar_x=_HOLDS[held].load_x,
        unlocked_deg=rng.uniform(*_UNLOCKED_DEG) if "missed_lockout" in faults else 0.0,
        caving_deg=caving, shift_m=float(shift if "asymmetric" in faults else rng.normal(0, 0.006)),
    )  # fmt: skip


def squat(body: Body, rng: np.random.Generator, num_reps: int, faults: frozenset, fps: float):
    """Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    style = draw_style(rng, faults)
    tempo = Tempo(rng.uniform(0.9, 2.2), rng.choice([0.0, 0.1, 0.4]) + rng.uniform(0.04, 0.2),
                  rng.uniform(0.8, 1.6), rng.uniform(0.2, 1.2), depth_spread=0.015)  # fmt: skip
    approach = make_approach(rng, backwards_in=True)
    rhythm = make_rhythm(rng, tempo, num_reps, approach.lead_s, approach.tail_s, fps)
    feet = approach_and_leave(body, rhythm, approach, style.stance_m, style.toe_out_deg)
    # Early in the way up: where hips shoot up and knees cave in.
    early = rhythm.phase * bump(rhythm.back / 0.85)
    hip, lean = _hips(body, style, rhythm, early if "hips_shoot_up" in faults else 0 * early)
    sway = make_sway(rng, rhythm.num_frames, fps)
    aside = style.shift_m * rhythm.phase
    base = carried_over(body, feet, fps)
    hip[:, :2] += base + np.stack([sway.x_m, sway.y_m + aside], -1)
    trunk = upright_trunk(
        body, hip, lean, rng.uniform(-4, 4) + rng.uniform(0, 8) * rhythm.phase, sway,
        roll_deg=-40 * aside, head_deg=rng.uniform(-6, 6) + rng.uniform(0.0, 0.5) * lean, feet=feet,
    )  # fmt: skip
    if style.held == "none":
        arms = _reach_forward(body, trunk, rhythm)
    elif style.held == "hanging":
        reach = rng.uniform(0, 0.5) * rhythm.phase
        arms = blend_arms(
            hanging_arms(body, trunk, feet, 0.2), _reach_forward(body, trunk, rhythm), reach
        )
    else:
        place, *poles = _HOLDS[style.held].hands
        arms = hold(trunk, np.multiply(place, body.stature_m), *poles)
    caving = style.caving_deg * rhythm.phase * (0.6 + 0.7 * early)
    knees = knees_over_toes(body, trunk, feet) - SIDE_SIGN[:, None] * caving
    return assemble(body, trunk, feet, arms, knees), rhythm.marks


def _hips(body: Body, style: SquatStyle, rhythm: Rhythm, early: np.ndarray):
    """Middle of the hips (F, 3) from the middle of the ankles on the floor, and the lean (F,).

    early (F,): how much the knees straighten before the trunk does.
    """
    num_frames, fps = rhythm.num_frames, rhythm.fps
    bent = rhythm.phase * (1 - 0.22 * early)
    standing = style.standing_deg + style.unlocked_deg * rhythm.in_set()
    knee = standing + (style.depth_deg - standing) * bent
    if "bar" in style.held:  # taken from the rack and put back with a dip
        knee = knee + 14 * (1 - ramp(num_frames, 0.1 * fps, 0.7 * fps))
        knee = knee + 14 * ramp(num_frames, num_frames - 0.7 * fps, num_frames - 0.1 * fps)
    forward = 1 - (1 - np.clip(bent, 0, 1)) ** 1.7
    shank = (3.5 + (style.shank_deg - 3.5) * forward) * (1 - 0.4 * early)
    hip_x, hip_z = hips_over_ankles(body, knee, shank, style.stance_m)
    lean = balanced_lean(body, hip_x, shank, style.load, _MIDDLE_M, style.bar_x) + 13 * early
    lean = lean + style.more_lean_deg * np.clip(bent, 0, 1)
    return np.stack([hip_x, 0 * hip_x, hip_z + body.ankle_height_m], -1), lean


def _reach_forward(body: Body, trunk: Trunk, rhythm: Rhythm) -> Arms:
    up = 8 + 78 * smooth_step(rhythm.phase / 0.8)
    upper = raised(up, 30 + 50 * smooth_step(rhythm.phase / 0.5))
    fore = raised(up + 10, 60 + 28 * smooth_step(rhythm.phase / 0.5))
    return arms_along(body, trunk, upper, fore, [0.3, -0.6, 0.7])
