"""Exercises on planted feet told by a few key poses: curls, presses, raises, rows, twists.

The angles of the keys are passed through smoothly; an athlete has an own range, an own stance and
small differences between the arms.
"""

from dataclasses import astuple, dataclass, fields

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from lib.data.synthetic.bar import on_bar
from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import Feet, assemble
from lib.data.synthetic.posture import (
    arms_along,
    balanced_shank,
    hips_over_ankles,
    make_sway,
    raised,
    upright_trunk,
)
from lib.data.synthetic.rhythm import Rhythm, Tempo, drift, make_rhythm
from lib.data.synthetic.setup import approach_and_leave, idle_fraction, make_approach
from lib.data.synthetic.stance import carried_over


@dataclass(frozen=True)
class Key:
    """A pose, in degrees. Arms: raise and plane as of `posture.raised`, in the thorax."""

    upper: float = 6.0
    upper_plane: float = 60.0
    fore: float = 11.0
    fore_plane: float = 65.0
    lean: float = 2.0
    knee: float = 6.0
    bend: float = 0.0
    """Spine flexion."""
    twist: float = 0.0
    """Thorax to the left."""
    side: float = 0.0
    """Bend to the right."""
    lift: float = 0.0
    """Shoulders shrugged."""
    protract: float = 0.0
    """Shoulders drawn forward."""
    head: float = 0.0
    """Pitch of the head."""


@dataclass(frozen=True)
class Move:
    """An exercise: keys from the start pose to the turn, or around a whole cycle."""

    keys: tuple[Key, ...]
    tempo: Tempo
    is_cycle: bool = False
    """The last key leads back to the first; otherwise the way back is the way there."""
    thumb: tuple[float, float, float] = (0.6, -0.8, 0.2)
    """To the thumb's side of the left hand, in the thorax frame."""
    moving: tuple[float, float] = (1.0, 1.0)
    """Which arms (left, right) take part; 0 stays as in the first key."""
    stance_m: tuple[float, float] = (0.22, 0.42)
    has_bar: bool = False
    """Both hands hold one bar all through the set."""


_FIELDS = [field.name for field in fields(Key)]
_ARM = _FIELDS[:4]
_GRIP_RATIO = (1.15, 1.6)
"""Distance of the hands on a bar to that of the shoulder joints."""
# How far an athlete's own way differs from the table (standard deviations, degrees).
_OWN = {"upper": 4, "upper_plane": 5, "fore": 4, "fore_plane": 5, "lean": 2, "knee": 2, "bend": 2,
        "twist": 1, "side": 1, "lift": 1, "protract": 1, "head": 4}  # fmt: skip


def stand_and_move(
    move: Move, body: Body, rng: np.random.Generator, num_reps: int, fps: float
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    approach = make_approach(rng)
    speed = rng.uniform(0.8, 1.3)
    tempo = Tempo(*(np.array(astuple(move.tempo)[:4]) * speed))
    rhythm = make_rhythm(rng, tempo, num_reps, approach.lead_s, approach.tail_s, fps)
    feet = approach_and_leave(body, rhythm, approach, rng.uniform(*move.stance_m),
                              rng.uniform(3, 18))  # fmt: skip
    idle = idle_fraction(approach, rhythm)
    own = rng.standard_normal(len(_FIELDS)).clip(-2, 2) * [_OWN[name] for name in _FIELDS]
    keys = np.array([astuple(key) for key in move.keys])
    keys = keys[0] + (keys - keys[0]) * rng.uniform(0.92, 1.05) + own
    pose = dict(zip(_FIELDS, _through(keys, rhythm, move.is_cycle).T, strict=True))
    start = dict(zip(_FIELDS, keys[0], strict=True))
    rest = Key()
    trunk = _trunk(body, rng, rhythm, feet, {
        name: pose[name] + idle * (getattr(rest, name) - pose[name]) for name in _FIELDS
    })  # fmt: skip
    wander = drift(rng, rhythm.num_frames, fps, np.full((2, 4), 1.2), period_s=5.0)
    amount = np.array(move.moving)[:, None]
    arm = {}
    for i, name in enumerate(_ARM):
        angle = start[name] + amount * (pose[name] - start[name])
        arm[name] = angle + idle * (getattr(rest, name) - angle) + wander[:, i]
    swing = _swing_deg(body, feet)
    arms = arms_along(
        body, trunk, raised(arm["upper"] + swing, arm["upper_plane"]),
        raised(arm["fore"] + swing, arm["fore_plane"]), move.thumb,
    )  # fmt: skip
    if move.has_bar:
        grip_m = 2 * body.shoulder_half_m * rng.uniform(*_GRIP_RATIO)
        arms = on_bar(body, trunk, arms, grip_m, 1 - idle)
    return assemble(body, trunk, feet, arms), rhythm.marks


def _swing_deg(body: Body, feet: Feet) -> np.ndarray:
    """(S, F) the arms swing against the legs where these are apart."""
    x = feet.ankles(body)[..., 0]
    return np.degrees(0.3 * (x[::-1] - x) / body.arm_m)


def _through(keys: np.ndarray, rhythm: Rhythm, is_cycle: bool) -> np.ndarray:
    """Key values (K, V) along the set: (F, V)."""
    if len(keys) == 1:
        return np.repeat(keys, rhythm.num_frames, 0)
    if not is_cycle:
        at = np.linspace(0, 1, len(keys))
        return PchipInterpolator(at, keys)(np.clip(rhythm.phase, 0, 1))
    progress = np.where(rhythm.rep >= 0, (rhythm.go + rhythm.back) / 2, 0.0)
    loop = CubicSpline(np.linspace(0, 1, len(keys) + 1), [*keys, keys[0]], bc_type="periodic")
    # The first cycle starts from rest and the last one ends there.
    value = loop(progress % 1.0)
    start, stop = rhythm.work
    frame = np.arange(rhythm.num_frames)
    soft = np.clip(np.minimum(frame - start, stop - 1 - frame) / (0.5 * rhythm.fps), 0, 1)
    soft = (soft**2 * (3 - 2 * soft))[:, None]
    return keys[0] + soft * (value - keys[0])


def _trunk(body: Body, rng: np.random.Generator, rhythm: Rhythm, feet, pose: dict):
    """The trunk over planted feet: the hips go where the lean needs them for balance."""
    sway = make_sway(rng, rhythm.num_frames, rhythm.fps)
    base = carried_over(body, feet, rhythm.fps)
    knee, lean = np.maximum(pose["knee"], 4.0), pose["lean"]
    shank = balanced_shank(body, knee, lean, 0.1, 0.035)
    ankles = feet.ankles(body)
    stance = np.abs(ankles[0, :, 1] - ankles[1, :, 1])
    hip_x, hip_z = hips_over_ankles(body, knee, shank, stance)
    hip = np.stack([base[:, 0] + hip_x + sway.x_m, base[:, 1] + sway.y_m,
                    hip_z + body.ankle_height_m], -1)  # fmt: skip
    return upright_trunk(
        body, hip, lean, pose["bend"], sway, twist_deg=pose["twist"], side_deg=pose["side"],
        lift_deg=pose["lift"], forward_deg=pose["protract"],
        head_deg=pose["head"] + 0.45 * lean, feet=feet,
    )  # fmt: skip
