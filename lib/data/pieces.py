"""From a person's track in 2D to sequences without gaps: what every 2D data set goes through.

T frames of a track, J = 17 working joints.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from lib.data.store import Recording, Sequence, Store
from lib.errors import UserError
from lib.skeleton import NUM_JOINTS


def _option(default: int | float, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Quality:
    """What a piece of a track must have to be trained on. Each field is a flag of the tools."""

    min_frames: int = _option(10, "frames of the shortest sequence kept")
    min_joints: int = _option(8, "joints seen in a frame, of 17; a frame with fewer is a gap")
    min_share: float = _option(
        0.6, "joints seen over a whole sequence, as a share of those the format has"
    )
    min_score: float = _option(0.3, "confidence from which a joint counts as seen")
    step: int = _option(
        1, "frame numbers from one frame of a sequence to the next; 4 is a quarter of the rate"
    )

    def __post_init__(self) -> None:
        limits = {"min_frames": (1, 10**9), "min_joints": (1, NUM_JOINTS), "min_share": (0, 1),
                  "min_score": (0, 1), "step": (1, 10**9)}  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{flag} {value}: must be {low} to {high}")


def add_options(parser: argparse.ArgumentParser, fps: float) -> None:
    """Flags of the rule of quality, and --fps, whose default is `fps`."""
    for key in fields(Quality):
        flag, default = f"--{key.name.replace('_', '-')}", key.default
        text = f"{key.metadata['help']} (default {default})"
        parser.add_argument(flag, type=type(default), default=default, help=text)
    text = f"frames a second of the videos, which the files do not say (default {fps:g})"
    parser.add_argument("--fps", type=float, default=fps, help=text)


def quality_of(options: argparse.Namespace) -> Quality:
    """The rule that `add_options` read. Raises UserError for values out of range."""
    if not 1 <= options.fps <= 1000:
        raise UserError(f"--fps {options.fps:g}: must be 1 to 1000")
    return Quality(**{key.name: getattr(options, key.name) for key in fields(Quality)})


def clamped(score: np.ndarray, tally: Counter[str]) -> np.ndarray:
    """Confidences in [0, 1]: missing and negative ones are 0, those above 1 are 1 and counted.

    Coordinates have no part in it (defect D2).
    """
    num_above = int((score > 1).sum())
    if num_above:
        tally["confidences above 1 taken as 1"] += num_above
    return np.where(np.isfinite(score), np.clip(score, 0, 1), 0.0)


def split_at_gaps(numbers: np.ndarray, is_good: np.ndarray, step: int) -> list[np.ndarray]:
    """Rows of every stretch whose frame numbers go up by exactly `step` (defect D11).

    numbers (T,) frame numbers, is_good (T,) frames to use. With a step of n, frames of one
    remainder modulo n make a stretch, so that each frame is in one stretch only.
    """
    rows = np.flatnonzero(is_good)
    rows = rows[np.lexsort((numbers[rows], numbers[rows] % step))]
    breaks = np.flatnonzero(np.diff(numbers[rows]) != step) + 1
    pieces = np.split(rows, breaks) if len(rows) else []
    return sorted(pieces, key=lambda piece: numbers[piece[0]])


def recordings_of(
    track: Sequence,
    numbers: np.ndarray,
    xy_px: np.ndarray,
    score: np.ndarray,
    quality: Quality,
    tally: Counter[str],
    num_known: int = NUM_JOINTS,
) -> Iterator[Recording]:
    """Yield the pieces of a track that are good enough; frames left out are counted in `tally`.

    track: name and fps of the whole; numbers (T,) distinct frame numbers; xy_px (T, 17, 2);
    score (T, 17) in [0, 1], 0 = missing joint, whose pixels become 0; num_known: joints that the
    format has. A sequence is judged by all its frames and joints, not by one (defect D21).
    """
    is_seen = score >= max(quality.min_score, np.finfo(float).tiny)
    is_good = is_seen.sum(-1) >= quality.min_joints
    tally[f"frames with fewer than {quality.min_joints} joints"] += int((~is_good).sum())
    xy_px = np.where(score[..., None] > 0, xy_px, 0.0)
    kept = []
    for rows in split_at_gaps(numbers, is_good, quality.step):
        if len(rows) < quality.min_frames:
            tally[f"frames in stretches of fewer than {quality.min_frames}"] += len(rows)
        elif is_seen[rows].sum() < quality.min_share * num_known * len(rows):
            tally[f"frames in stretches that show under {quality.min_share:.0%}"] += len(rows)
        else:
            kept.append(rows)
    fps = track.fps / quality.step
    for i, rows in enumerate(kept):
        name = f"{track.name}/{i}" if len(kept) > 1 else track.name
        yield Recording(
            replace(track, name=name, fps=fps), detected_px=xy_px[rows], detected_score=score[rows]
        )


def notes(skipped: list[str], tally: Counter[str]) -> list[str]:
    """What was skipped, a line each, and the counts of what was left out as one line."""
    counts = "; ".join(f"{number} {what}" for what, number in sorted(tally.items()) if number)
    return [f"skipped: {reason}" for reason in skipped] + ([f"counted: {counts}"] if counts else [])


def summary(store: Store) -> str:
    """What a 2D store holds, as one line."""
    sequences = store.sequences
    groups = len({sequence.group for sequence in sequences})
    seconds = sum(sequence.num_frames / sequence.fps for sequence in sequences)
    return (
        f"{store.path}: {len(sequences)} sequences of {groups} videos, {sequences[-1].stop} frames "
        f"at {sequences[0].fps:g} a second, {seconds / 60:.1f} minutes"
    )
