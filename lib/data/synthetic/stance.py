"""Standing and stepping: feet that stay where they are put, and a pelvis carried over them."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, Feet, ankle_from_toe, flat_toe_height, rotation
from lib.data.synthetic.rhythm import bump, smooth_step

STEP_S = 0.62
"""Time from one foot's lift-off to its landing."""


@dataclass(frozen=True)
class Step:
    """One foot's flight to a new place."""

    i_side: int
    start: float
    """Frame of lift-off."""
    stop: float
    """Frame of landing."""
    ankle_xy: tuple[float, float]
    """Where the ankle lands, metres."""
    yaw_deg: float
    lift_m: float = 0.06
    heel_deg: float = 24.0
    """Heel raise in the first half of the flight; keep 0 for a shuffle."""
    landing_pitch_deg: float = 0.0
    """Heel raise of the planted foot after landing (a lunge's rear foot)."""


def place_feet(body: Body, num_frames: int, first, steps: list[Step]) -> Feet:
    """Feet over time. first: per side (x, y, yaw_deg) of the flat foot before any step."""
    frame = np.arange(num_frames)
    flat = np.array(first, float).repeat(num_frames, 0).reshape(2, num_frames, 3)
    height, pitch = np.zeros((2, num_frames)), np.zeros((2, num_frames))
    for step in sorted(steps, key=lambda s: s.start):
        u = (frame - step.start) / (step.stop - step.start)
        s, (x, y), i = smooth_step(u)[:, None], step.ankle_xy, step.i_side
        before = pitch[i, max(int(step.start), 0)]
        flat[i] = flat[i] + s * (np.array([x, y, step.yaw_deg]) - flat[i])
        height[i] += step.lift_m * bump(u)
        pitch[i] += smooth_step(u) * (step.landing_pitch_deg - before)
        pitch[i] += step.heel_deg * bump(u / 0.8)
    yaw = flat[..., 2]
    toe = np.stack([flat[..., 0], flat[..., 1], height + flat_toe_height()], -1)
    back = ankle_from_toe(body) * [1, 1, 0]
    toe[..., :2] -= (rotation(yaw) @ back)[..., :2]
    return Feet(toe, yaw, pitch)


def side_by_side(
    stance_m: float, toe_out_deg: float, x: float = 0.0, stagger_m: float = 0.0
) -> list[tuple]:
    """Flat feet, the left one stagger_m in front: per side (x, y, yaw_deg) of the ankle."""
    return [(x + s * stagger_m / 2, s * stance_m / 2, s * toe_out_deg) for s in SIDE_SIGN]


def walk(start_frame: float, step_frames: float, places: list, i_first: int, goal) -> list[Step]:
    """Alternating steps through `places` (x of each), the last two landing on `goal`.

    goal: per side (x, y, yaw_deg). A foot is lifted when the other has landed.
    """
    steps, xs = [], [*places, None, None]
    for i, x in enumerate(xs):
        i_side = (i_first + i) % 2
        goal_x, goal_y, goal_yaw = goal[i_side]
        start = start_frame + i * step_frames
        steps.append(Step(i_side, start, start + 0.9 * step_frames,
                          (goal_x if x is None else x, goal_y), goal_yaw))  # fmt: skip
    return steps


def walk_places(start_x: float, goal_x: float, num_steps: int) -> list[float]:
    """x of all but the last two of num_steps even steps."""
    return [start_x + (goal_x - start_x) * (i + 1) / (num_steps - 1) for i in range(num_steps - 2)]


def carried_over(body: Body, feet: Feet, fps: float) -> np.ndarray:
    """(F, 2) x, y of the middle of the ankles, smoothed and leaning to the standing leg."""
    ankles = feet.ankles(body)
    middle = ankles[..., :2].mean(0)
    raised = np.clip(ankles[..., 2] - body.ankle_height_m, 0, 0.08) / 0.08
    lean = (raised[1] - raised[0])[:, None] * (ankles[0] - ankles[1])[:, :2] * 0.22
    return gaussian_filter1d(middle + lean, 0.13 * fps, axis=0, mode="nearest")
