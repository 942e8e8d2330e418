"""python tools/add_detections.py --store data/motion3d/fit3d --detections data/detections/fit3d

Puts a detector's 2D beside the 3D of a store with cameras, so that a lifter can be finetuned on
real detections: <detections>/<subject>/<camera>/<action>.json for each sequence that has one. Of
the people in a picture, the one nearest to the projected joints is taken.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.detections import read_detections
from lib.data.manifest import Sequence as Recorded
from lib.data.matching import MAX_SHARE, Fit, match
from lib.data.store import Recording, Store, open_store, write_store
from lib.errors import UserError, command_line


def path_of(folder: Path, sequence: Recorded) -> Path:
    """Where the detections of a sequence would be."""
    return folder / sequence.subject / sequence.camera_name / f"{sequence.action}.json"


def read_match(path: Path, truth_px: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, Fit]:
    """The recorded person's pixels and scores. Raises UserError if the file is of another video."""
    found = read_detections(path)
    px, score, fit = match(found, truth_px.astype(np.float64))
    if fit.shift == -1 and found.frame_id.min() >= 1:  # the file counts from 1
        found = replace(found, frame_id=found.frame_id - 1)
        px, score, fit = match(found, truth_px.astype(np.float64))
    if not fit.share <= MAX_SHARE:
        off = f"{fit.error_px:.0f} px off, {fit.share:.0%} of the height"
        raise UserError(
            f"{path}: its people are not those of '{name}' (nearest to the projected joints: "
            f"{off if np.isfinite(fit.share) else 'nobody'}); give the detections of that video"
        )
    return px, score, fit


def recordings(
    store: Store, folder: Path, fits: dict[str, Fit], skipped: list[str] | None
) -> Iterator[Recording]:
    """The store's sequences with their detections, NaN scores where there is no usable file.

    How well each file fits is added to `fits`, by path; why one was refused to `skipped`, None:
    raised. Raises UserError at the end if no file was of use.
    """
    for i, sequence in enumerate(tqdm(store.sequences, desc="sequences", unit="")):
        path, truth_px = path_of(folder, sequence), store.xy_of(i)
        px = np.zeros(truth_px.shape, np.float32)
        score = np.full(px.shape[:2], np.nan, np.float32)
        if path.exists():
            try:
                px, score, fits[str(path)] = read_match(path, truth_px, sequence.name)
            except UserError as error:
                if skipped is None:
                    raise
                skipped.append(str(error))
        extra_m = None if store.extra_m is None else store.extra_of(i)
        yield Recording(sequence, store.xyz_of(i), truth_px, extra_m, px, score)
    if not fits:
        raise UserError(f"{folder}: no file of it is of use; {store.path} stays as it was")


def check(store: Store, folder: Path) -> None:
    """There is something to do. Raises UserError."""
    if store.xy_px is None:
        raise UserError(f"{store.path}: has no cameras to compare detections with; Fit3D's has")
    if not any(path_of(folder, sequence).exists() for sequence in store.sequences):
        wanted = path_of(folder, store.sequences[0])
        raise UserError(f"{folder}: has no file for any sequence; the first would be {wanted}")


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--store", type=Path, default=Path("data/motion3d/fit3d"))
    parser.add_argument("--detections", type=Path, required=True, help="folder of JSON files")
    parser.add_argument("--strict", action="store_true", help="stop at the first odd file")
    options = parser.parse_args(argv)
    store = open_store(options.store)
    check(store, options.detections)
    fits: dict[str, Fit] = {}
    skipped: list[str] = []
    try:
        found = recordings(store, options.detections, fits, None if options.strict else skipped)
        write_store(options.store, store.frame, found, store.clips)
    finally:
        for reason in skipped:
            print(f"skipped: {reason}")
    for path, fit in fits.items():
        if fit.shift:
            print(f"warning: {path} would fit better {abs(fit.shift)} frames "
                  f"{'later' if fit.shift > 0 else 'earlier'}")  # fmt: skip
    errors, shares = zip(*((fit.error_px, fit.share) for fit in fits.values()), strict=True)
    print(
        f"{options.store}: {len(fits)} of {len(store.sequences)} sequences have detections, "
        f"{np.median(errors):.1f} px off the projection in the median file "
        f"({np.median(shares):.1%} of the height), {max(errors):.1f} px in the worst"
    )


if __name__ == "__main__":
    sys.exit(main())
