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
from lib.errors import command_line


def recordings(takes: list[Take]) -> Iterator[Recording]:
    """All takes from all their cameras, with a progress bar."""
    for take in tqdm(takes, desc="recordings", unit=""):
        yield from read_take(take)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--root", type=Path, default=Path("data/fit3d"))
    parser.add_argument("--out", type=Path, default=Path("data/motion3d/fit3d"))
    for name in ("subjects", "actions", "cameras"):
        parser.add_argument(f"--{name}", nargs="+", help="exact names; default all")
    options = parser.parse_args(argv)
    takes, missing = find_takes(
        options.root, subjects=options.subjects, actions=options.actions, cameras=options.cameras
    )
    write_store(options.out, "camera", recordings(takes))
    store = open_store(options.out)
    subjects = {sequence.subject for sequence in store.sequences}
    with_reps = sum(bool(sequence.reps) for sequence in store.sequences)
    print(
        f"{options.out}: {len(store.sequences)} sequences of {len(subjects)} subjects, "
        f"{len(store.xyz_m)} frames, {with_reps} sequences with rep marks"
    )
    if missing:
        print(f"{len(missing)} files listed but not there, first {missing[0]}")


if __name__ == "__main__":
    sys.exit(main())
