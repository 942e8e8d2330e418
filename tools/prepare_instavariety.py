"""python tools/prepare_instavariety.py --source data/InstaVariety

InstaVariety (its pair of .npy files, or folders of tracks), or anybody's OpenPose output -> a 2D
motion store. Then cut it into windows with tools/slice_clips.py --length 81 --stride 27.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.instavariety import MOTION, pair_clips, read_clip, read_pair
from lib.data.openpose import read_openpose, recordings_in, tracks_of
from lib.data.pieces import Quality, add_options, notes, quality_of, summary
from lib.data.store import Recording, open_store, write_store
from lib.detect.tracks import label_people
from lib.errors import UserError, command_line


def find_folders(source: Path) -> list[Path]:
    """Folders below `source`, itself included, that hold JSON files. Raises UserError."""
    found = sorted(
        Path(folder)
        for folder, _, names in os.walk(source)
        if any(name.endswith(".json") for name in names)
    )
    if not found:
        raise UserError(
            f"{source}: holds neither {MOTION} nor folders of .json files; give InstaVariety's "
            "folder or that of OpenPose's output"
        )
    return found


def followed(
    folder: Path, source: Path, name: str, files: dict[int, str], fps: float, quality: Quality,
    tally: Counter[str],
) -> Iterator[Recording]:  # fmt: skip
    """Sequences of everybody in one OpenPose recording."""
    detections = read_openpose(folder, files, tally)
    labels, _ = label_people(detections, fps)
    full_name = (folder.relative_to(source) / name).as_posix()
    return tracks_of(full_name, detections, labels, fps, quality, tally)


def readers_of(
    folder: Path, source: Path, fps: float, quality: Quality, tally: Counter[str]
) -> list[Callable[[], Iterator[Recording]]]:
    """One for each OpenPose recording in a folder, or else one for the InstaVariety clip it is."""
    names = [name for name in os.listdir(folder) if name.endswith(".json")]
    return [
        partial(followed, folder, source, name, files, fps, quality, tally)
        for name, files in recordings_in(names).items()
    ] or [partial(read_clip, folder, names, fps, quality, tally)]


def recordings(
    source: Path, fps: float, quality: Quality, tally: Counter[str], skipped: list[str] | None
) -> Iterator[Recording]:
    """Sequences of the whole source with a progress bar.

    Why a clip or a recording was refused is added to `skipped`; None: raised.
    """
    if (source / MOTION).exists():
        clips = pair_clips(source)
        of_clips = read_pair(source, clips, fps, quality, tally)
        for of_clip in tqdm(of_clips, total=len(clips), desc="clips", unit=""):
            yield from of_clip
        return
    folders = find_folders(source)
    for folder in tqdm(folders, desc="folders", unit=""):
        readers = readers_of(folder, source, fps, quality, tally)
        for read in readers:
            try:
                found = list(read())
            except UserError as error:
                if skipped is None or len(folders) == len(readers) == 1:
                    raise
                skipped.append(str(error))
            else:
                yield from found


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument(
        "--source", type=Path, required=True,
        help="folder with motion_all.npy and id_all.npy, of tracks, or of OpenPose's output",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("data/motion2d/instavariety"))
    parser.add_argument("--strict", action="store_true", help="stop at the first odd file")
    add_options(parser, fps=25.0)
    options = parser.parse_args(argv)
    quality = quality_of(options)
    tally: Counter[str] = Counter()
    skipped: list[str] = []
    try:
        refused = None if options.strict else skipped
        found = recordings(options.source, options.fps, quality, tally, refused)
        write_store(options.out, "image", found)
    finally:
        for line in notes(skipped, tally):
            print(line)
    print(summary(open_store(options.out)))


if __name__ == "__main__":
    sys.exit(main())
