"""python tools/prepare_posetrack.py --source data/posetrack18/annotations

PoseTrack18's annotation files -> a 2D motion store: a sequence for each stretch of a person's
track without a gap. Then cut it into windows with tools/slice_clips.py --length 30 --stride 10.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.pieces import Quality, add_options, notes, quality_of, summary
from lib.data.posetrack import Video, read_posetrack
from lib.data.store import Recording, open_store, write_store
from lib.errors import UserError, command_line

_REPEATED = "sequences of videos already read from another file"


def find_files(sources: list[Path]) -> list[Path]:
    """The files given and all JSON files in the folders given. Raises UserError."""
    found = []
    for source in sources:
        inside = sorted(source.rglob("*.json")) if source.is_dir() else [source]
        if not source.exists():
            raise UserError(f"{source}: is not there; give PoseTrack18's annotations folder")
        if not inside:
            raise UserError(f"{source}: holds no .json file; give PoseTrack18's annotations folder")
        found += inside
    return list(dict.fromkeys(found))


def recordings(
    paths: list[Path], fps: float, quality: Quality, tally: Counter[str], skipped: list[str] | None
) -> Iterator[Recording]:
    """Sequences of all files, each video from one file only, with a progress bar.

    Why a file was refused is added to `skipped`; None: raised.
    """
    file_of: dict[str, Path] = {}
    names: dict[Video, str] = {}
    for path in tqdm(paths, desc="files", unit=""):
        try:
            of_file = list(read_posetrack(path, fps, quality, tally, names))
        except UserError as error:
            if skipped is None:
                raise
            skipped.append(str(error))
            continue
        is_new = [file_of.setdefault(r.sequence.group, path) == path for r in of_file]
        tally[_REPEATED] += len(is_new) - sum(is_new)
        yield from (r for r, new in zip(of_file, is_new, strict=True) if new)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument(
        "--source", type=Path, nargs="+", required=True, help="annotation files, or folders of them"
    )
    parser.add_argument("--out", type=Path, default=Path("data/motion2d/posetrack"))
    parser.add_argument("--strict", action="store_true", help="stop at the first odd file")
    add_options(parser, fps=25.0)
    options = parser.parse_args(argv)
    quality, paths = quality_of(options), find_files(options.source)
    is_strict = options.strict or len(paths) == 1
    tally: Counter[str] = Counter()
    skipped: list[str] = []
    try:
        found = recordings(paths, options.fps, quality, tally, None if is_strict else skipped)
        write_store(options.out, "image", found)
    finally:
        for line in notes(skipped, tally):
            print(line)
    print(summary(open_store(options.out)))


if __name__ == "__main__":
    sys.exit(main())
