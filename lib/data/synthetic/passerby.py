"""Someone who walks through the picture behind the athlete."""

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, apply, assemble, rotation
from lib.data.synthetic.posture import hanging_arms, make_sway, upright_trunk
from lib.data.synthetic.stance import Step, carried_over, place_feet

STRIDE_M = 0.66
"""From one footprint to the other foot's next."""
STRIDE_S = 0.56


def walk_through(
    body: Body, rng: np.random.Generator, num_frames: int, *, start_frame: int,
    start_m: tuple[float, float], goal_m: tuple[float, float], fps: float = 50.0,
) -> np.ndarray:  # fmt: skip
    """(num_frames, 25, 3) world metres of a walk on a straight line from start_m to goal_m (x, y).

    NaN before start_frame and after the arrival.
    """
    line = np.subtract(goal_m, start_m)
    num_steps = max(2, round(float(np.hypot(*line)) / STRIDE_M))
    num_walking = round((num_steps + 0.5) * STRIDE_S * fps)
    xyz = apply(rotation(np.degrees(np.arctan2(line[1], line[0]))),
                _walk(body, rng, num_walking, num_steps, fps))  # fmt: skip
    shown = np.full((num_frames, *xyz.shape[1:]), np.nan)
    stop_frame = min(num_frames, start_frame + num_walking)
    shown[start_frame:stop_frame] = (xyz + [*start_m, 0.0])[: max(0, stop_frame - start_frame)]
    return shown


def _walk(body: Body, rng, num_frames: int, num_steps: int, fps: float) -> np.ndarray:
    """(F, 25, 3) a walk along x from 0, in the walker's own frame."""
    half_m, toe_out = 0.8 * body.hip_half_m, rng.uniform(4, 10)
    stride = STRIDE_S * fps
    steps = [
        Step(i % 2, i * stride, (i + 0.95) * stride, ((i + 1) * STRIDE_M,
             half_m * SIDE_SIGN[i % 2]), toe_out * SIDE_SIGN[i % 2], lift_m=0.06)
        for i in range(num_steps)
    ]  # fmt: skip
    feet = place_feet(body, num_frames, [(0.0, s * half_m, s * toe_out) for s in SIDE_SIGN], steps)
    height = np.full(num_frames, 0.975 * body.leg_m + body.ankle_height_m)
    hip = np.concatenate([carried_over(body, feet, fps), height[:, None]], -1)
    sway = make_sway(rng, num_frames, fps)
    trunk = upright_trunk(body, hip, 3.0, 2.0, sway, feet=feet)
    return assemble(body, trunk, feet, hanging_arms(body, trunk, feet))
