"""python tools/check_split.py --store data/motion3d/mocap --split configs/splits/motion17.yaml

Prints what is on each side of a split, and motions that two sides share under different names:
equal joint-angle curves, shifted, resampled or mirrored. Exit code 2 if there are any. Repetitions
of one lift by two people can be as alike: what is printed is to be looked at.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.splits import SIDES, Split, load_split, split_sequences
from lib.data.store import Store, open_store
from lib.data.twins import Twin, find_twins
from lib.errors import UserError, command_line
from lib.train.overlap import take_of


def sides_of(store: Store, split: Split) -> list[str]:
    """Side of every sequence of a store, '' where it is on none."""
    sides = [""] * len(store.sequences)
    for side in SIDES:
        for i in split_sequences(store, split, side):
            sides[i] = side
    return sides


def twins_of(store: Store, sides: Sequence[str]) -> list[Twin]:
    """Motions that sequences of different sides share; of a take that several cameras saw, the
    first one's."""
    takes = [take_of(store, i) or i for i in range(len(store.sequences))]
    first = {take: i for i, take in reversed(list(enumerate(takes)))}
    is_first = [first[take] == i for i, take in enumerate(takes)]
    sides = [side if of else "" for side, of in zip(sides, is_first, strict=True)]
    fps = [sequence.fps for sequence in store.sequences]
    return find_twins([store.xyz_of(i) for i in range(len(fps))], fps, sides)


def print_sizes(store: Store, sides: Sequence[str]) -> None:
    """One line a side."""
    for side in SIDES:
        found = [s for s, of in zip(store.sequences, sides, strict=True) if of == side]
        minutes = sum(s.num_frames / s.fps for s in found) / 60
        groups = ", ".join(sorted({s.group for s in found}))
        print(f"{side:12}{minutes:7.1f} minutes {len(found):5} sequences  {groups}")


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--store", default="data/motion3d/mocap")
    parser.add_argument("--split", default="configs/splits/motion17.yaml")
    flags = parser.parse_args(argv)
    store = open_store(flags.store)
    sides = sides_of(store, load_split(flags.split))
    print_sizes(store, sides)
    twins = twins_of(store, sides)
    for twin in twins:
        one, other = (
            f"{store.sequences[i].name} ({sides[i]}) from {start_s:.1f} s"
            for i, start_s in ((twin.first, twin.first_s), (twin.second, twin.second_s))
        )
        print(f"equal: {one}, {other}; distance {twin.distance:.2f}, speed {twin.speed:.2f}")
    print(f"{len(twins)} motions on two sides")
    if twins:
        raise UserError(
            f"{flags.split}: look at these motions; where they are one trial, put their groups on "
            "one side (the same lift by two people can be as alike)"
        )


if __name__ == "__main__":
    sys.exit(main())
