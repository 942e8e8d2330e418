"""One made-up sequence: an athlete, an exercise, its repetitions and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from lib.data.synthetic.allfours import mule_kick
from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import apply, rotation
from lib.data.synthetic.chair import sit, sit_to_stand
from lib.data.synthetic.deadlift import deadlift
from lib.data.synthetic.moves import MOVES
from lib.data.synthetic.pushup import diamond_pushup, pushup
from lib.data.synthetic.squat import squat
from lib.data.synthetic.standing import stand_and_move
from lib.data.synthetic.stepping import LUNGES, jumping_jack, lunge, march, walk_the_box
from lib.errors import UserError

_LIFTS: dict[str, Callable] = {
    "squat": squat, "deadlift": deadlift, "pushup": pushup, "diamond_pushup": diamond_pushup,
}  # fmt: skip
"""(body, rng, num_reps, faults, fps) -> xyz (F, 25, 3) in the athlete's frame, marks."""

_OTHERS: dict[str, Callable] = {
    **{name: partial(stand_and_move, move) for name, move in MOVES.items()},
    **{name: partial(lunge, kind) for name, kind in LUNGES.items()},
    "mule_kick": mule_kick, "walk_the_box": walk_the_box, "warmup_7": march,
    "warmup_8": jumping_jack,
}  # fmt: skip
"""(body, rng, num_reps, fps) -> the same."""

_CHAIR: dict[str, Callable] = {"sit_to_stand": sit_to_stand, "sit": sit}
"""The same."""

ACTIONS = (*_LIFTS, *_OTHERS)
"""Fit3D's names of the exercises that can be made."""

EXTRA_ACTIONS = tuple(_CHAIR)
"""What Fit3D does not have; made only where asked for by name."""

_PUSHUPS = ("pushup", "diamond_pushup")
FAULTS = {
    "shallow": ("squat", *_PUSHUPS),
    "deep": ("squat", *_PUSHUPS),
    "knees_in": ("squat", "deadlift"),
    "hips_shoot_up": ("squat", "deadlift"),
    "hip_sag": _PUSHUPS,
    "asymmetric": ("squat", "deadlift", *_PUSHUPS),
    "missed_lockout": ("squat", "deadlift", *_PUSHUPS),
    "arms_bent": ("deadlift",),
}
"""Fault -> actions it can be asked of; `deep` is none: hips below knees, chest at the floor."""
_APART = (("shallow", "deep"), ("shallow", "missed_lockout"))
"""Of the latter little more than the wobble of a held pose would be left."""


@dataclass(frozen=True)
class Motion:
    """A generated sequence."""

    xyz_m: np.ndarray
    """(F, 25, 3) world metres, Z up, joints in Fit3D's order."""
    marks: tuple[int, ...]
    """Frames at which repetitions begin and the last one ends; empty without repetitions."""
    action: str
    fps: float

    @property
    def num_frames(self) -> int:
        return len(self.xyz_m)


def make_sequence(
    body: Body, action: str, rng: np.random.Generator, *, faults=(), num_reps: int | None = None,
    fps: float = 50.0,
) -> Motion:  # fmt: skip
    """Make one sequence. All chance comes from rng: the same state gives the same sequence.

    faults: names out of FAULTS. num_reps: None draws 5 to 7 as in Fit3D; 0 holds the start pose.
    Raises UserError on an unknown action or fault, or a fault the action cannot show.
    """
    check_names(action, faults)
    if num_reps is None:
        num_reps = int(rng.choice([5, 6, 7], p=[0.85, 0.1, 0.05]))
    if action in _LIFTS:
        xyz, marks = _LIFTS[action](body, rng, num_reps, frozenset(faults), fps)
    else:
        xyz, marks = (_OTHERS | _CHAIR)[action](body, rng, num_reps, fps)
    facing = rotation(rng.uniform(-20, 20))
    place = np.array([*rng.uniform(-0.25, 0.25, 2), 0.0])
    return Motion(apply(facing, xyz) + place, marks, action, fps)


def check_faults(faults=()) -> None:
    """Raise UserError unless there are such faults, and they can be had together."""
    for fault in faults:
        if fault not in FAULTS:
            raise UserError(f"fault {fault!r} is unknown; choose from {', '.join(FAULTS)}")
    for one, other in _APART:
        if {one, other} <= set(faults):
            raise UserError(f"faults {one} and {other} exclude each other; ask for one")


def check_names(action: str, faults=()) -> None:
    """Raise UserError unless the action exists and can show every fault."""
    known = (*ACTIONS, *EXTRA_ACTIONS)
    if action not in known:
        raise UserError(f"action {action!r} cannot be made; choose from {', '.join(known)}")
    check_faults(faults)
    for fault in faults:
        if action not in FAULTS[fault]:
            raise UserError(
                f"fault {fault!r} does not fit action {action}; it fits {', '.join(FAULTS[fault])}"
            )
