"""python tools/submit_fit3d.py --detections data/fit3d_2d -c checkpoint/pose3d_full/best.pt

Writes an answer to Fit3D's challenge from a lifter and 2D detections of the test videos, one
<detections>/<subject>/<action>.json each. --check FILE looks at an answer's form, offline.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.fit3d_challenge import check_answer, read_template, read_test_camera
from lib.errors import UserError, command_line
from lib.files import check_target
from lib.infer.lift import Lifter
from lib.train.submission import answer_sequence, find_detections, write_answer

MAX_SHOWN = 20


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--root", type=Path, default=Path("data/fit3d"))
    parser.add_argument("--template", type=Path, help="default <root>/template.json")
    parser.add_argument("--detections", type=Path, help="folder of <subject>/<action>.json")
    parser.add_argument("-c", "--checkpoint", help="a lifter's checkpoint")
    parser.add_argument("--out", type=Path, default=Path("submission.json"))
    parser.add_argument("--no-flip", action="store_true", help="without the mirrored half")
    parser.add_argument("--no-videos", action="store_true",
                        help="do not decode the videos; pictures count from 0")  # fmt: skip
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--check", type=Path, metavar="FILE", help="only check this answer")
    return parser


def _write(options: argparse.Namespace, template: Path) -> None:
    if options.detections is None or options.checkpoint is None:
        raise UserError("give --detections FOLDER and -c CHECKPOINT, or --check FILE")
    asked = read_template(template)
    paths = find_detections(options.detections, asked)
    cameras = {each.name: read_test_camera(options.root, each) for each in asked}
    lifter = Lifter.from_checkpoint(options.checkpoint, options.device)
    if not lifter.is_metric:
        raise UserError(f"{options.checkpoint}: knows no metres; give a lifter with target: metres")
    check_target(options.out, "--out")
    entries, notes = {}, []
    for each in tqdm(asked, desc="sequences", unit="", disable=None):
        video = options.root / "test" / each.subject / "videos" / f"{each.action}.mp4"
        answer = answer_sequence(
            lifter, each, cameras[each.name], paths[each.name],
            video if video.is_file() and not options.no_videos else None,
            flip_average=not options.no_flip,
        )  # fmt: skip
        entries[each.subject, each.action] = answer.entry
        notes += answer.notes
    write_answer(options.out, entries)
    for note in notes:
        print(note)
    size = options.out.stat().st_size / 2**20
    print(f"{options.out}: {len(entries)} sequences, {size:.1f} MB, metres of the lifter's own")


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    template = options.template or options.root / "template.json"
    if options.check is None:
        _write(options, template)
    path = options.check or options.out
    problems = check_answer(path, template)
    for problem in problems[:MAX_SHOWN]:
        print(problem)
    if problems:
        raise UserError(f"{path}: {len(problems)} problems, see above; the form is {template}'s")
    print(f"{path}: has the template's form")


if __name__ == "__main__":
    sys.exit(main())
