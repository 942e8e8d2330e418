"""python tools/analyze.py out/mine/squat/pose3d.npz -o out/mine/analysis --height 1.8 --load-kg 100

Counts, measures and reports any 3D motion: pose3d.npz, an array like X3D.npy (with --fps), or
Fit3D's truth (joints3d_25/<action>.json). Writes report.json, reps.csv and report.html. No torch.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.report import write_report
from lib.data.motion import read_motion
from lib.data.video import probe_video
from lib.errors import UserError, command_line
from lib.files import check_writable
from lib.infer.ground import SizeConfig, resized, size_notes
from lib.infer.mirrored import mirrored_3d, mirrored_size
from lib.pose import Pose3D
from lib.report.outcome import report_of, summary, write_page
from lib.report.session import add_session_flags, session_of, size_of

MORE_FRAMES = 5
"""More or fewer are another recording's; a few at the end often fail to decode."""


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("motion", type=Path, help="pose3d.npz, X3D.npy or a joints3d_25 .json")
    parser.add_argument("-o", "--out_path", type=Path, required=True, help="folder to write to")
    parser.add_argument("-v", "--vid_path", type=Path, help="its video, to be seen in report.html")
    parser.add_argument("--fps", type=float, help="frames a second as recorded; needed for .npy")
    add_session_flags(parser)
    return parser


def _motion(flags: Namespace, size: SizeConfig) -> Pose3D:
    """The motion at its true size, with left and right as they were. Raises UserError."""
    pose = read_motion(flags.motion, flags.fps)
    if flags.mirrored:
        if pose.is_mirrored:
            raise UserError(f"{flags.motion}: was put right already; leave --mirrored away")
        pose = mirrored_3d(pose)
    if pose.is_mirrored:
        size = mirrored_size(size, pose.size_px[0])
    return resized(pose, size)


def _about_video(video: Path, pose: Pose3D) -> list[dict]:
    """A warning where the video has other frames than the motion. Raises UserError."""
    num_pictures = probe_video(video).num_frames
    num_frames = len(pose.xyz)
    if abs(num_pictures - num_frames) <= MORE_FRAMES:
        return []
    text = f"{video.name} has {num_pictures} frames, the motion {num_frames}: is it its video?"
    return [{"code": "other_video", "message": text}]


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Read, analyse, write, say what came out."""
    flags = _parser().parse_args(argv)
    session, size = session_of(flags), size_of(flags)
    pose = _motion(flags, size)
    folder = check_writable(flags.out_path, "--out_path")
    doubts = _about_video(flags.vid_path, pose) if flags.vid_path is not None else []
    report = report_of(pose, session, video=flags.vid_path, doubts=doubts)
    page = folder / "report.html"
    write_page(report, pose, flags.vid_path, page)  # first: all that can fail on a motion is in it
    write_report(report, folder)
    notes = size_notes(pose) if size != SizeConfig() else []
    for note in [*notes, *(f"warning: {w['message']}" for w in report["warnings"])]:
        print(note)
    print(summary(report, page))


if __name__ == "__main__":
    sys.exit(main())
