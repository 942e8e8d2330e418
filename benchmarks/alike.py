"""Copy a store of motion capture with bones alike over its sources, for benchmarks/ablate.py.

    python benchmarks/alike.py data/motion3d/mocap out/mocap_alike

Sources put a joint in different places: hips are .09 to .13 of a leg apart. Here each group's
bones are stretched so that their median lengths, as parts of the leg (thigh and shank), are those
of the median group. Angles stay.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.proportions import stretch_bones
from lib.data.store import Recording, Store, open_store, write_store
from lib.errors import command_line
from lib.skeleton import BONE_INDEX, JOINT, NUM_JOINTS

LEG = [JOINT["lknee"], JOINT["lankle"], JOINT["rknee"], JOINT["rankle"]]
_MOST = (0.6, 1.6)
"""A stretch beyond these is a glitch of the recording."""


def parts_of_leg(xyz_m: np.ndarray) -> np.ndarray:
    """(T, 17, 3) -> (17,) median length of the bone to each joint over that of a leg; root 1."""
    parts = np.ones(NUM_JOINTS)
    for parent, child in BONE_INDEX:
        parts[child] = np.nanmedian(np.linalg.norm(xyz_m[:, child] - xyz_m[:, parent], axis=-1))
    parts[1:] /= parts[LEG].sum() / 2
    return parts


def factors_by_group(store: Store) -> dict[str, np.ndarray]:
    """Group -> (17,) what its bones are stretched by."""
    found = defaultdict(list)
    for i, sequence in enumerate(store.sequences):
        found[sequence.group].append(parts_of_leg(store.world_of(i)))
    of_group = {group: np.nanmedian(parts, axis=0) for group, parts in found.items()}
    wanted = np.nanmedian(list(of_group.values()), axis=0)
    return {group: np.clip(wanted / own, *_MOST) for group, own in of_group.items()}


def alike(store: Store) -> Iterator[Recording]:
    """The store's recordings with stretched bones. Joints a source lacks stay missing."""
    factors = factors_by_group(store)
    for i, sequence in enumerate(store.sequences):
        factor = np.nan_to_num(factors[sequence.group], nan=1.0)
        yield Recording(sequence, stretch_bones(store.world_of(i), factor).astype(np.float32))


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Write the copy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("out", type=Path)
    flags = parser.parse_args(argv)
    store = open_store(flags.store)
    num = write_store(flags.out, "world", alike(store), store.clips)
    print(f"{flags.out}: {num} sequences; stretch of each bone by group:")
    for group, factor in factors_by_group(store).items():
        print(group, np.round(factor, 2))


if __name__ == "__main__":
    sys.exit(main())
