"""python tools/slice_clips.py --store data/motion3d/fit3d --length 243 --stride 81

Cuts a store's sequences into windows: writes clips.npy, a table (sequence, start, stop) into it.
Every frame is in a window, the last one is aligned to the end, and a sequence shorter than
--length is one short window: a clip that is longer goes through it there and back.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.clips import slice_store
from lib.data.store import open_store
from lib.data.store_checks import doubts
from lib.errors import UserError, command_line
from lib.pose import written_aside


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--store", type=Path, required=True, help="e.g. data/motion3d/fit3d")
    parser.add_argument("--length", type=int, default=243, help="frames of a window")
    parser.add_argument("--stride", type=int, default=81, help="frames from start to start")
    options = parser.parse_args(argv)
    if not 1 <= options.stride <= options.length:
        raise UserError(
            f"--stride {options.stride} --length {options.length}: the stride must be 1 or more "
            "and no longer than the window, or frames would be skipped"
        )
    # An old table may no longer fit; it is about to be replaced.
    store = open_store(options.store, with_clips=False)
    clips = slice_store(store, options.length, options.stride)
    with written_aside(store.path / "clips.npy") as aside:
        np.save(aside, clips)
    num_short = int((clips[:, 2] - clips[:, 1] < options.length).sum())
    print(
        f"{store.path / 'clips.npy'}: {len(clips)} clips of {len(store.sequences)} sequences, "
        f"{num_short} shorter than {options.length} frames"
    )
    for doubt in doubts(store):
        print(f"warning: {doubt}")


if __name__ == "__main__":
    sys.exit(main())
