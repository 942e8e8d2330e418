"""What only the person can tell of a recording: exercise, load, athlete, date; and its flags.

Shared by infer_wild.py and tools/analyze.py, so that both ask and answer alike. No torch.
"""

import math
import re
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from datetime import datetime

from lib.analysis.exercises import UNKNOWN, load_exercise
from lib.analysis.severity import STRICTNESS
from lib.errors import UserError
from lib.infer.ground import PlateBox, SizeConfig

MAX_LOAD_KG = 1000.0


@dataclass(frozen=True)
class Session:
    """Checked when it is made: a mistake is a UserError that names the flag."""

    exercise: str | None = None
    """A name in configs/exercises or 'unknown'; None recognises it."""
    loads_kg: tuple[float, ...] = ()
    """One for all sets, or one a set."""
    athlete: str | None = None
    recorded_at: str | None = None
    """ISO 8601 with a time zone."""
    strictness: float = 1.0
    """Above 1 the limits are nearer to a perfect value."""

    def __post_init__(self) -> None:
        if self.exercise not in (None, UNKNOWN):
            load_exercise(self.exercise)
        for load in self.loads_kg:
            if not 0 <= load <= MAX_LOAD_KG:
                raise UserError(f"--load-kg {load:g}: give kilograms from 0 to {MAX_LOAD_KG:g}")
        if self.athlete is not None and not self.athlete.strip():
            raise UserError("--athlete: is empty; give a name, or leave it away")
        low, high = STRICTNESS
        if not low <= self.strictness <= high:
            raise UserError(
                f"--strictness {self.strictness:g}: give a number from {low:g} to {high:g}"
            )
        if self.recorded_at is not None:
            object.__setattr__(self, "recorded_at", _moment(self.recorded_at))

    def about_athlete(self, height_m: float) -> dict | None:
        """The schema's `athlete`; height_m is NaN where it is not known."""
        known: dict = {"name": self.athlete} if self.athlete is not None else {}
        known |= {"height_m": float(height_m)} if math.isfinite(height_m) else {}
        known |= {"recorded_at": self.recorded_at} if self.recorded_at is not None else {}
        return known or None


def _moment(text: str) -> str:
    """RFC 3339, as JSON Schema's date-time asks for it."""
    wanted = "write a date and time with its zone, like 2026-03-14T18:30:00+01:00"
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UserError(f"--recorded-at '{text}': is none; {wanted}") from error
    if moment.utcoffset() is None or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d", text.strip()):
        raise UserError(f"--recorded-at '{text}': lacks the time or its zone; {wanted}")
    return moment.isoformat(timespec="seconds")


def add_session_flags(parser: ArgumentParser) -> None:
    """Flags of `session_of` and `size_of`, and --mirrored."""
    add = parser.add_argument
    add("--exercise", help="a name in configs/exercises, instead of recognising it")
    add("--load-kg", metavar="KG", help="weight lifted: one number, or one a set: 100,110,120")
    add("--athlete", metavar="NAME", help="who it is")
    add("--recorded-at", metavar="TIME", help="date and time with zone: 2026-03-14T18:30:00+01:00")
    add("--strictness", type=float, default=1.0, help="0.5 (lenient) to 2 (strict), 1 if not given")
    add("--mirrored", action="store_true", help="the video is a mirror image, as selfies are")
    add("--height", type=float, help="the person's standing height in metres: gives true size")
    add(
        "--plate-box",
        type=float,
        nargs=5,
        metavar=("FRAME", "X", "Y", "W", "H"),
        help="a plate on the bar, pixels from top left, in a frame (0 = first): gives true size",
    )
    add("--plate-diameter", type=float, help="its diameter in metres, 0.45 if not given")


def session_of(flags: Namespace) -> Session:
    """Raises UserError."""
    loads = _loads(flags.load_kg) if flags.load_kg is not None else ()
    return Session(flags.exercise, loads, flags.athlete, flags.recorded_at, flags.strictness)


def size_of(flags: Namespace) -> SizeConfig:
    """Raises UserError."""
    box = flags.plate_box and PlateBox(*flags.plate_box)
    return SizeConfig(flags.height, box, flags.plate_diameter)


def _loads(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        wanted = "give one number, or one a set with commas between: 100,110,120"
        raise UserError(f"--load-kg '{text}': {wanted}") from error
