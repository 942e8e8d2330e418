"""Before and after a set: standing about, stepping to the place, settling, leaving again."""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import Feet
from lib.data.synthetic.rhythm import Rhythm, ramp
from lib.data.synthetic.stance import STEP_S, place_feet, side_by_side, walk, walk_places


@dataclass(frozen=True)
class Approach:
    """How an athlete comes to the place of the set and leaves it."""

    idle_s: float
    start_x: float
    """Where it starts, metres in front of (negative: behind) the place of the set."""
    num_steps_in: int
    settle_s: float
    leave_s: float
    """Standing on after the last repetition."""
    num_steps_out: int
    end_x: float
    end_s: float
    i_first: int
    """Side that steps first."""

    @property
    def lead_s(self) -> float:
        return self.idle_s + self.num_steps_in * STEP_S + self.settle_s

    @property
    def tail_s(self) -> float:
        return self.leave_s + self.num_steps_out * STEP_S + self.end_s


def make_approach(
    rng: np.random.Generator, *, backwards_in: bool = False, settle_s: float = 0.6,
    leave_s: float = 0.5,
) -> Approach:  # fmt: skip
    """Draw one. backwards_in: out of a rack, back into the place, and forward again at the end."""
    side = 1.0 if backwards_in else -1.0
    num_steps = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    stride = rng.uniform(0.12, 0.2, 2)
    return Approach(
        idle_s=float(rng.uniform(0.5, 1.3)),
        start_x=side * float(stride[0] * num_steps[0]),
        num_steps_in=num_steps[0],
        settle_s=settle_s + float(rng.uniform(0.0, 0.8)),
        leave_s=leave_s + float(rng.uniform(0.0, 0.6)),
        num_steps_out=num_steps[1],
        end_x=side * float(stride[1] * num_steps[1]),
        end_s=float(rng.uniform(0.4, 1.0)),
        i_first=int(rng.integers(2)),
    )


def approach_and_leave(
    body: Body, rhythm: Rhythm, approach: Approach, stance_m: float, toe_out_deg: float,
    stagger_m: float = 0.0,
) -> Feet:  # fmt: skip
    """Feet planted at x = 0 for the set, with real steps before and after it."""
    fps = rhythm.fps
    step = STEP_S * fps
    at_work = side_by_side(stance_m, toe_out_deg, stagger_m=stagger_m)
    about = side_by_side(min(stance_m, 2.4 * body.hip_half_m), 8.0)
    before = [(approach.start_x, y, yaw) for _, y, yaw in about]
    after = [(approach.end_x, y, yaw) for _, y, yaw in about]
    start, stop = rhythm.work
    first = start - (approach.settle_s + approach.num_steps_in * STEP_S) * fps
    last = stop + approach.leave_s * fps
    steps = walk(first, step, walk_places(approach.start_x, 0.0, approach.num_steps_in),
                 approach.i_first, at_work)  # fmt: skip
    steps += walk(last, step, walk_places(0.0, approach.end_x, approach.num_steps_out),
                  1 - approach.i_first, after)  # fmt: skip
    return place_feet(body, rhythm.num_frames, before, steps)


def idle_fraction(approach: Approach, rhythm: Rhythm) -> np.ndarray:
    """(F,) 1 while walking or standing about, 0 during the set, smooth."""
    start, stop = rhythm.work
    fps = rhythm.fps
    into = ramp(rhythm.num_frames, start - (approach.settle_s + 0.4) * fps, start - 0.05 * fps)
    out = ramp(rhythm.num_frames, stop, stop + (approach.leave_s + 0.5) * fps)
    return 1 - into * (1 - out)
