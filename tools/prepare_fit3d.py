"""python tools/prepare_fit3d.py --root data/fit3d --out data/motion3d/fit3d

Fit3D as downloaded -> a motion store: camera-space 3D, projected 2D and rep marks of every
sequence and camera. Then cut it into windows with tools/slice_clips.py.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.fit3d import Take, find_takes, read_take
from lib.data.store import Recording, open_store, write_store
from lib.errors import UserError, command_line


def recordings(
    takes: list[Take], is_strict: bool, skipped: list[str], without_reps: list[str]
) -> Iterator[Recording]:
    """All takes from all their cameras, with a progress bar.

    Why a take was refused, or goes without its marks, is added to the lists. is_strict: raised.
    """
    for take in tqdm(takes, desc="recordings", unit=""):
        try:
            of_take = list(read_take(take, None if is_strict else without_reps))
        except UserError as error:
            if is_strict:
                raise
            skipped.append(str(error))
            continue
        yield from of_take


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--root", type=Path, default=Path("data/fit3d"))
    parser.add_argument("--out", type=Path, default=Path("data/motion3d/fit3d"))
    for name in ("subjects", "actions", "cameras"):
        parser.add_argument(f"--{name}", nargs="+", help="exact names; default all")
    parser.add_argument("--strict", action="store_true", help="stop at the first odd file")
    options = parser.parse_args(argv)
    takes, missing = find_takes(
        options.root, subjects=options.subjects, actions=options.actions, cameras=options.cameras
    )
    if missing and not takes:
        raise UserError(
            f"{options.root}: no take is whole, {len(missing)} files are listed but not there, "
            f"first {missing[0]}"
        )
    skipped: list[str] = []
    without_reps: list[str] = []
    try:
        write_store(options.out, "camera", recordings(takes, options.strict, skipped, without_reps))
    finally:
        for reasons, what in ((skipped, "skipped"), (without_reps, "without its reps")):
            for reason in reasons:
                print(f"{what}: {reason}")
    store = open_store(options.out)
    subjects = {sequence.subject for sequence in store.sequences}
    with_reps = sum(bool(sequence.reps) for sequence in store.sequences)
    print(
        f"{options.out}: {len(store.sequences)} sequences of {len(subjects)} subjects, "
        f"{len(store.xyz_m)} frames, {with_reps} sequences with rep marks"
    )
    if skipped or without_reps:
        print(f"{len(skipped)} takes skipped, {len(without_reps)} without their reps, see above")
    if missing:
        print(f"{len(missing)} files listed but not there, first {missing[0]}")


if __name__ == "__main__":
    sys.exit(main())
