"""python tools/prepare_mocap.py --source data/motion17 --out data/motion3d/mocap

Motion capture in the motion17 form (see lib/data/mocap.py) -> a world-frame motion store.
Sequences whose limbs cannot be a person's are listed and left out.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.mocap import Judgement, judge, read_motion17
from lib.data.store import Recording, open_store, write_store
from lib.errors import command_line


def recordings(source: Path, judgements: list[Judgement]) -> Iterator[Recording]:
    """Sequences that pass the check; what it said of each is added to `judgements`."""
    for sequence, xyz_m in tqdm(read_motion17(source), desc="sequences", unit=""):
        judgement, clean_m = judge(sequence, xyz_m)
        judgements.append(judgement)
        if not judgement.reason:
            yield Recording(replace(sequence, weight=judgement.weight), clean_m)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--source", type=Path, required=True, help="motion17 folder")
    parser.add_argument("--out", type=Path, default=Path("data/motion3d/mocap"))
    options = parser.parse_args(argv)
    judgements: list[Judgement] = []
    write_store(options.out, "world", recordings(options.source, judgements))
    for judgement in judgements:
        if judgement.reason:
            print(f"skipped {judgement.name}: {judgement.reason}")
    store = open_store(options.out)
    seconds = sum(sequence.num_frames / sequence.fps for sequence in store.sequences)
    num_odd = sum(sequence.weight < 1 for sequence in store.sequences)
    num_glitches = sum(judgement.num_glitches for judgement in judgements)
    print(
        f"{options.out}: {len(store.sequences)} of {len(judgements)} sequences, "
        f"{len(store.xyz_m)} frames, {seconds / 60:.1f} minutes; {num_odd} of unusual "
        f"proportions weighted low, {num_glitches} joints taken out of single frames"
    )


if __name__ == "__main__":
    sys.exit(main())
