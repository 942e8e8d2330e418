"""Lift, count and report a recording from its AlphaPose JSON and its video.

    python infer_wild.py -j data/sample/squat.json -v data/sample/squat.mp4 -o out/mine/squat

Writes pose3d.npz, X3D.npy, X3D.mp4, report.json, reps.csv and report.html.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Sequence

from lib.errors import command_line


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    is_side = (side.isdecimal() and len(side) < 6 and int(side) for side in (width, height))
    if not all(is_side):
        raise ArgumentTypeError(f"'{text}': write WIDTHxHEIGHT, like 1920x1080")
    return int(width), int(height)


def _focal(text: str) -> float:
    wanted = "give the focal length in pixels, a number above 0"
    try:
        focal = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}': {wanted}") from error
    if not 0 < focal < float("inf"):
        raise ArgumentTypeError(f"{text}: {wanted}")
    return focal


def _parser() -> ArgumentParser:
    from lib.report.session import add_session_flags

    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("-j", "--json_path", required=True, help="AlphaPose result")
    add("-v", "--vid_path", help="its video; without one, give --fps")
    add("-o", "--out_path", required=True, help="folder to write to")
    add("-c", "--checkpoint", default="checkpoint/lifter_swift.pt", help="lifter")
    add("--classifier", default="checkpoint/action_swift.pt", help="exercise classifier")
    add("--focus", type=int, help="person id, instead of the largest and most central")
    add("--fps", type=float, help="frames a second as recorded (slow-motion clips play slower)")
    add("--focal", type=_focal, help="focal length in pixels; 0.9 of the longer side if not given")
    add("--size", type=_size, help="picture size for a JSON without a video, like 1920x1080")
    add("--pixel", action="store_true", help="X3D.npy in pixels")
    add("--no-flip", action="store_true", help="no flip averaging: twice as fast")
    add("--no-repair", action="store_true", help="left and right as the detector has them")
    add("--no-second-look", action="store_true", help="the network asked once: twice as fast")
    add("--no-rays", action="store_true", help="joints as the network has them, off the picture")
    add("--no-bones", action="store_true", help="bones may change their length")
    add("--no-smooth", action="store_true", help="no smoothing in time")
    add("--no-render", action="store_true", help="no X3D.mp4, no video in report.html")
    add("--redo", action="store_true", help="make everything again")
    add_session_flags(parser)
    return parser


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Run the pipeline and say what came out."""
    flags = _parser().parse_args(argv)
    # Loading takes seconds; here a Ctrl-C meanwhile is told as any other.
    from lib.infer.recording import RecordingConfig
    from lib.infer.steps import Steps
    from lib.report.pipeline import Pipeline, PipelineConfig
    from lib.report.session import session_of, size_of

    recording = RecordingConfig(flags.json_path, flags.vid_path, flags.focus, flags.fps, flags.size)
    pipeline = Pipeline(
        PipelineConfig(
            recording, flags.out_path, flags.checkpoint, flags.classifier, session_of(flags),
            flags.focal, not flags.no_flip, flags.pixel, not flags.no_render, flags.redo,
            size=size_of(flags), is_mirrored=flags.mirrored,
            steps=Steps(
                not flags.no_repair, not flags.no_second_look, not flags.no_rays,
                not flags.no_bones, not flags.no_smooth,
            ),
        )
    )  # fmt: skip
    for note in pipeline.run():
        print(note)
    print(pipeline.summary())


if __name__ == "__main__":
    sys.exit(main())
