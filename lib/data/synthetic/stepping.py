"""Exercises in which a foot leaves its place in every repetition: lunges, marching, jacks, walks.

A foot that is down stays where it is; a repetition starts and ends with the feet together.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import Feet, assemble
from lib.data.synthetic.posture import (
    arms_along,
    hanging_arms,
    hips_over_ankles,
    make_sway,
    raised,
    upright_trunk,
)
from lib.data.synthetic.rhythm import Rhythm, Tempo, bump, drift, make_rhythm
from lib.data.synthetic.stance import STEP_S, Step, carried_over, place_feet, side_by_side

_KNEE_DEG = 8.0


@dataclass(frozen=True)
class Lunge:
    """One foot steps out, the hips go down, and back; left and right by turns."""

    forward: float
    """Where the foot lands, in leg lengths from its place."""
    outward: float
    landing_deg: float
    """Heel raise of the foot that stepped."""
    share: float
    """Of the way to that foot the hips go along."""
    hips_over_knee: float
    """At the turn, height of the hips over a knee above its ankle, in thigh lengths."""
    lean_deg: float


LUNGES = {
    "dumbbell_reverse_lunge": Lunge(-0.92, 0.0, 55.0, 0.46, 0.08, 9.0),
    "warmup_12": Lunge(0.0, 0.80, 0.0, 0.74, 0.34, 30.0),  # side lunge
}


def lunge(kind: Lunge, body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    tempo = Tempo(rng.uniform(1.0, 1.5), rng.uniform(0.1, 0.4), rng.uniform(1.0, 1.4),
                  rng.uniform(0.2, 0.6))  # fmt: skip
    rhythm = make_rhythm(rng, tempo, num_reps, rng.uniform(1.0, 2.0), rng.uniform(0.8, 1.6), fps)
    home = side_by_side(rng.uniform(2.0, 2.8) * body.hip_half_m, rng.uniform(2, 12))
    i_first, reach = int(rng.integers(2)), body.leg_m * rng.uniform(0.92, 1.06)
    steps = []
    for i_rep in range(num_reps):
        i_side = (i_first + i_rep) % 2
        x, y, yaw = home[i_side]
        out = x + kind.forward * reach, y + np.sign(y) * kind.outward * reach
        start, turn, back, rest = _parts(rhythm, i_rep)
        steps.append(Step(i_side, start, start + 0.7 * (turn - start), out, yaw,
                          landing_pitch_deg=kind.landing_deg))  # fmt: skip
        steps.append(Step(i_side, back + 0.3 * (rest - back), rest, (x, y), yaw))
    feet = place_feet(body, rhythm.num_frames, home, steps)
    share = _toward_moved(body, feet, kind.share, fps)
    low = body.ankle_height_m + body.shank_m + kind.hips_over_knee * body.thigh_m
    hip = _standing_hips(body, share, home)
    hip[:, 2] += (low - hip[:, 2]) * rhythm.phase
    sway = make_sway(rng, rhythm.num_frames, fps)
    hip[:, 0] += sway.x_m - 0.12 * kind.outward * rhythm.phase
    lean = 2 + kind.lean_deg * rhythm.phase * rng.uniform(0.7, 1.3)
    trunk = upright_trunk(body, hip, lean, 2.0, sway, head_deg=0.3 * lean, feet=feet)
    arms = hanging_arms(body, trunk, feet, 0.03)
    return assemble(body, trunk, feet, arms), rhythm.marks


def _parts(rhythm: Rhythm, i_rep: int) -> tuple[int, int, int, int]:
    """Frames where a repetition starts, turns, starts back and is back."""
    start, stop = rhythm.marks[i_rep], rhythm.marks[i_rep + 1]
    go, back = rhythm.go[start:stop], rhythm.back[start:stop]
    turn, returning = int(np.argmax(go >= 1)), int(np.argmax(back > 0))
    is_back = int(np.count_nonzero(back < 1))
    return start, start + turn, start + returning, start + is_back


def _toward_moved(body: Body, feet: Feet, share: float, fps: float) -> np.ndarray:
    """(F, 2) between the feet: in the middle, towards the one that stepped out by `share`."""
    ankles = feet.ankles(body)[..., :2]
    away = np.linalg.norm(ankles - ankles[:, :1], axis=-1) ** 2  # (S, F)
    weight = 0.5 + (share - 0.5) * (away[0] - away[1]) / np.maximum(away.max(), 1e-9)
    middle = ankles[0] * weight[:, None] + ankles[1] * (1 - weight[:, None])
    both = carried_over(body, feet, fps) - ankles.mean(0)
    return middle + both


def _standing_hips(body: Body, xy_m: np.ndarray, home) -> np.ndarray:
    """Hips (F, 3) of someone upright over xy_m."""
    x, z = hips_over_ankles(body, _KNEE_DEG, 0.5 * _KNEE_DEG, home[0][1] - home[1][1])
    hip = np.empty((len(xy_m), 3))
    hip[:, :2] = xy_m + [x + 0.01, 0]
    hip[:, 2] = z + body.ankle_height_m
    return hip


def march(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Knees up, left and right, on the spot; a repetition is one of each."""
    tempo = Tempo(rng.uniform(0.65, 0.9), 0.0, rng.uniform(0.65, 0.9), 0.0)
    rhythm = make_rhythm(rng, tempo, num_reps, rng.uniform(0.8, 1.6), rng.uniform(0.8, 1.6), fps)
    home = side_by_side(2.1 * body.hip_half_m, 4.0)
    height = body.leg_m * rng.uniform(0.34, 0.52)
    i_first, steps = int(rng.integers(2)), []
    for i_rep in range(num_reps):
        start, _, middle, stop = _parts(rhythm, i_rep)
        for i_side, first, last in ((i_first, start, middle), (1 - i_first, middle, stop)):
            x, y, yaw = home[i_side]
            steps.append(Step(i_side, first, last, (x, y), yaw, lift_m=height, heel_deg=30))
    feet = place_feet(body, rhythm.num_frames, home, steps)
    sway = make_sway(rng, rhythm.num_frames, fps)
    hip = _standing_hips(body, carried_over(body, feet, fps), home)
    trunk = upright_trunk(body, hip, 1.0, 0.0, sway, feet=feet)
    up = feet.ankles(body)[::-1, :, 2] - body.ankle_height_m
    swing = 8 + 60 * up / height + drift(rng, rhythm.num_frames, fps, np.full(2, 1.5))
    bent = swing + 8 + rng.uniform(10, 70) * np.minimum(rhythm.rep >= 0, 1.0) * up / height
    arms = arms_along(body, trunk, raised(swing, 85), raised(bent, 88), [0.2, -1, 0.1])
    return assemble(body, trunk, feet, arms), rhythm.marks


def jumping_jack(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Feet apart and arms up in one jump, back in the next."""
    tempo = Tempo(rng.uniform(0.42, 0.52), 0.1, rng.uniform(0.42, 0.52), 0.12)
    rhythm = make_rhythm(rng, tempo, num_reps, rng.uniform(0.8, 1.6), rng.uniform(0.8, 1.6), fps)
    home = side_by_side(1.9 * body.hip_half_m, 6.0)
    wide = side_by_side(rng.uniform(0.55, 0.75), 14.0)
    hop, steps, flight = rng.uniform(0.05, 0.08), [], np.zeros(rhythm.num_frames)
    frame = np.arange(rhythm.num_frames)
    for i_rep in range(num_reps):
        start, turn, back, rest = _parts(rhythm, i_rep)
        for begin, end, goal in ((start, turn, wide), (back, rest, home)):
            first, last = begin + 0.2 * (end - begin), end - 0.12 * (end - begin)
            flight += bump((frame - first) / (last - first))
            steps += [Step(i, first, last, goal[i][:2], goal[i][2], lift_m=hop, heel_deg=24)
                      for i in range(2)]  # fmt: skip
    feet = place_feet(body, rhythm.num_frames, home, steps)
    sway = make_sway(rng, rhythm.num_frames, fps)
    hip = _standing_hips(body, feet.ankles(body)[..., :2].mean(0), home)
    hip[:, 2] += 1.3 * hop * flight - 0.03 * bump(rhythm.phase)
    trunk = upright_trunk(body, hip, 1.0, 0.0, sway, feet=feet, lift_deg=14 * rhythm.phase)
    up = 8 + 160 * rhythm.phase
    arms = arms_along(body, trunk, raised(up, 14), raised(up + 6, 20), [1, 0, 0.1])
    return assemble(body, trunk, feet, arms), rhythm.marks


def walk_the_box(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Steps forward, right, back and left around a square, num_reps times; it has no marks."""
    home = side_by_side(2.6 * body.hip_half_m, 6.0)
    forward, aside = rng.uniform(0.28, 0.42), rng.uniform(0.22, 0.3)
    place, frame, steps = np.zeros(2), rng.uniform(0.8, 1.5) * fps, []
    for move in [(forward, 0), (0, -aside), (-forward, 0), (0, aside)] * num_reps:
        for _ in range(2):
            place = place + move
            order = (0, 1) if move[1] > 0 else (1, 0)
            for i_side in order:
                x, y, yaw = home[i_side]
                stop = frame + STEP_S * fps * rng.uniform(0.85, 1.0)
                steps.append(Step(i_side, frame, stop, (x + place[0], y + place[1]), yaw))
                frame = stop + rng.uniform(0.02, 0.06) * fps
    num_frames = round(frame + rng.uniform(0.8, 1.5) * fps)
    feet = place_feet(body, num_frames, home, steps)
    sway = make_sway(rng, num_frames, fps)
    hip = _standing_hips(body, carried_over(body, feet, fps), home)
    hip[:, 2] -= rng.uniform(0.0, 0.12)
    lean = np.full(num_frames, rng.uniform(2, 14))
    trunk = upright_trunk(body, hip, lean, 3.0, sway, head_deg=0.3 * lean, feet=feet)
    return assemble(body, trunk, feet, hanging_arms(body, trunk, feet)), ()
