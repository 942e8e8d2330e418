"""python tools/prepare_mocap.py --source data/motion17 --out data/motion3d/mocap

Motion capture to a world-frame motion store: ASF/AMC, AMASS, BVH, C3D and TRC files through a
mapping of their markers or bones to our joints, or a motion17 folder. Sequences that cannot be a
person's are listed and left out.
"""

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.config import load_config
from lib.data.manifest import Sequence as Recorded
from lib.data.mocap.checks import Judgement, judge
from lib.data.mocap.knees import knee_bends_deg, knee_excess_deg, straightened
from lib.data.mocap.mapping import Mapping as JointMapping
from lib.data.mocap.sources import FORMATS, MOTION17, Selection, read_takes, source_format
from lib.data.store import Recording, open_store, write_store
from lib.errors import UserError, command_line
from lib.signals import resample


def excess_by_subject(source: Path, selection: Selection, may_lie: bool) -> dict[str, float]:
    """Degrees that each person's knees are to lose (lib.data.mocap.knees), by what is kept."""
    bends = defaultdict(list)
    for take in read_takes(source, selection):
        if take.xyz_m is not None and not judge(take.sequence, take.xyz_m, may_lie)[0].reason:
            bends[take.sequence.subject].append(knee_bends_deg(take.xyz_m))
    return {subject: knee_excess_deg(found) for subject, found in bends.items()}


def at_rate(sequence: Recorded, xyz_m: np.ndarray, fps: float) -> tuple[Recorded, np.ndarray]:
    """A sequence and its joints (T, 17, 3) at another rate, on straight lines between frames."""
    num_frames = int((len(xyz_m) - 1) * fps / sequence.fps) + 1
    times = np.arange(len(xyz_m)) / sequence.fps, np.arange(num_frames) / fps
    return replace(sequence, fps=fps), resample(xyz_m, *times)


def recordings(
    source: Path, selection: Selection, may_lie: bool, judgements: list[Judgement],
    excess_deg: Mapping[str, float], fps: float | None = None,
) -> Iterator[Recording]:  # fmt: skip
    """Sequences that pass the check; what it said of each is added to `judgements`.

    excess_deg: of the knees of a subject, taken off. fps: None keeps each file's own.
    """
    for take in tqdm(read_takes(source, selection), desc="sequences", unit=""):
        if take.xyz_m is None:
            judgements.append(Judgement(take.sequence.name, take.problem))
            continue
        judgement, clean_m = judge(take.sequence, take.xyz_m, may_lie)
        judgements.append(judgement)
        if not judgement.reason:
            clean_m = straightened(clean_m, excess_deg.get(take.sequence.subject, 0.0))
            sequence = replace(take.sequence, weight=judgement.weight)
            if fps is not None and fps != sequence.fps:
                sequence, clean_m = at_rate(sequence, clean_m, fps)
            yield Recording(sequence, clean_m)


def report(out: Path, judgements: list[Judgement]) -> None:
    """Print what was written."""
    store = open_store(out)
    seconds = sum(sequence.num_frames / sequence.fps for sequence in store.sequences)
    num_frames = sum(sequence.num_frames for sequence in store.sequences)
    num_odd = sum(sequence.weight < 1 for sequence in store.sequences)
    num_glitches = sum(judgement.num_glitches for judgement in judgements)
    print(
        f"{out}: {len(store.sequences)} of {len(judgements)} sequences, "
        f"{num_frames} frames, {seconds / 60:.1f} minutes; {num_odd} of unusual "
        f"proportions weighted low, {num_glitches} joints taken out of single frames"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--source", type=Path, required=True, help="file or folder")
    parser.add_argument("--out", type=Path, default=Path("data/motion3d/mocap"))
    parser.add_argument("--mapping", type=Path, help="configs/mocap/<set>.yaml; default: chosen")
    parser.add_argument("--format", choices=FORMATS, default="", help="default: by the names")
    parser.add_argument("--subject", default="", help="default: name of each file's folder")
    parser.add_argument("--group", default="", help="kept together by splits; default: as subject")
    parser.add_argument("--action", default="", help="default: name of each file")
    parser.add_argument("--terms", default="", help="licence or terms of the recordings")
    parser.add_argument("--body-models", type=Path, help="folder of SMPL-H or SMPL-X, for AMASS")
    parser.add_argument(
        "--fps", type=float, help="resample all to this rate; default: each its own"
    )
    parser.add_argument(
        "--lying", action="store_true", help="people lie or are on all fours most of the time"
    )
    parser.add_argument(
        "--straight-knees", action="store_true",
        help="people whose knees never come straight by the source's joints get knees that do",
    )  # fmt: skip
    return parser


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    if options.fps is not None and not 0 < options.fps < math.inf:
        raise UserError(f"--fps {options.fps:g}: frames a second above 0 expected")
    if options.body_models and not options.body_models.is_dir():
        raise UserError(f"--body-models {options.body_models}: no such folder")
    selection = Selection(
        load_config(JointMapping, options.mapping) if options.mapping else None,
        options.format, options.subject, options.group or options.subject, options.action,
        options.terms, options.body_models,
    )  # fmt: skip
    is_joints = source_format(options.source, options.format) == MOTION17
    judgements: list[Judgement] = []
    may_lie, excess = options.lying or is_joints, dict[str, float]()
    if options.straight_knees:
        excess = excess_by_subject(options.source, selection, may_lie)
    takes = recordings(options.source, selection, may_lie, judgements, excess, options.fps)
    try:
        write_store(options.out, "world", takes)
    finally:
        for judgement in judgements:
            if judgement.reason:
                print(f"skipped {judgement.name}: {judgement.reason}")
    report(options.out, judgements)
    for subject in sorted(name for name, deg in excess.items() if deg > 0):
        print(f"knees of {subject} bent {excess[subject]:.1f} degrees less")


if __name__ == "__main__":
    sys.exit(main())
