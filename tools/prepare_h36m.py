"""python tools/prepare_h36m.py --pickle data/h36m_sh_conf_cam_source_final.pkl

Human3.6M in MotionBERT's pickle -> a motion store with detections, to score lifters on protocols
#1 and #2. Nothing in the pickle is run; whatever is no array, number or text is refused.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.h36m import SIDES, Side, read_side, recordings
from lib.data.plain_pickle import read_plain_pickle
from lib.data.store import Recording, open_store, write_store
from lib.errors import UserError, command_line


def _sides(path: Path) -> tuple[list[Side], list[str]]:
    """The sides with a size, and why another is not among them."""
    content = read_plain_pickle(path)
    found = [side for side in (read_side(content, name, str(path)) for name in SIDES) if side]
    without = [side.name for side in found if side.factor_mm is None]
    if len(without) == len(found):
        raise UserError(f"{path}: has neither '2.5d_factor' nor 'joints_2.5d_image', so no size")
    notes = [f"{name}: left out, its poses have no size (no 2.5d_factor)" for name in without]
    return [side for side in found if side.factor_mm is not None], notes


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--pickle", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("data/motion3d/h36m"))
    parser.add_argument("--truth", choices=("camera", "2.5d"), default="camera",
                        help="camera metres, or MotionBERT's scaled pixels")  # fmt: skip
    options = parser.parse_args(argv)
    sides, notes = _sides(options.pickle)
    left_out: list[str] = []

    def of_all() -> Iterator[Recording]:
        for side in sides:
            yield from recordings(side, options.truth, str(options.pickle), left_out)

    write_store(options.out, "camera", of_all())
    if left_out:
        notes.append(f"{len(left_out)} sequences left out, their truth is wrong: {left_out[0]} ...")
    for note in notes:
        print(note)
    store = open_store(options.out)
    subjects = sorted({sequence.subject for sequence in store.sequences})
    print(
        f"{options.out}: {len(store.sequences)} sequences of {', '.join(subjects)}, "
        f"{store.sequences[-1].stop} frames, truth: {options.truth}"
    )


if __name__ == "__main__":
    sys.exit(main())
