"""From a detector's JSON to the report: the steps of infer_wild.py, each with files of its own."""

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson

from lib.analysis.exercises import FOLDER, exercise_names
from lib.analysis.gate import guess_exercise
from lib.analysis.lift_error import FILE as LIFT_ERROR
from lib.analysis.report import write_report
from lib.errors import UserError
from lib.files import check_readable
from lib.infer.classify import Classifier, choose_exercise, overruled
from lib.infer.ground import SizeConfig, grounded, size_notes
from lib.infer.lift import Lifter
from lib.infer.mirrored import mirrored_2d, mirrored_size, on_mirror_image
from lib.infer.recording import RecordingConfig, read_recording
from lib.infer.source import best_device
from lib.infer.stages import Stage, Stages
from lib.infer.steps import ALL_STEPS, Steps, notes_of
from lib.pose import Pose2D, Pose3D, written_aside
from lib.pose_files import load_pose2d, load_pose3d
from lib.report.html import FILM_NAME
from lib.report.outcome import cautions_of, report_of, summary, write_page
from lib.report.session import Session
from lib.report.video import write_video

WARNING = "warning: "
"""How a note for the user begins that the report passes on."""
RESULTS = (
    "pose2d.npz", "pose3d.npz", "X3D.npy", "report.json", "reps.csv", FILM_NAME, "report.html",
)  # fmt: skip
SIZE_OF_PICTURE = (
    "this lifter's poses grow with the person in the picture: the metres hold at the usual "
    "distance to the camera"
)


@dataclass(frozen=True)
class PipelineConfig:
    """What to make of a recording."""

    recording: RecordingConfig
    folder: str
    checkpoint: str
    classifier: str
    session: Session = field(default_factory=Session)
    """What the person says about it."""
    focal_px: float | None = None
    flip_average: bool = True
    is_pixel: bool = False
    """X3D.npy in pixels instead of the camera frame."""
    is_rendered: bool = True
    """Whether X3D.mp4 is made and report.html holds the video."""
    redo: bool = False
    size: SizeConfig = field(default_factory=SizeConfig)
    """What tells the person's true size."""
    steps: Steps = ALL_STEPS
    """Steps around the network, each of which can be left out."""
    is_mirrored: bool = False
    """The video is a mirror image."""


class Pipeline:
    """The steps over one output folder; `run` is all of them in order."""

    def __init__(self, config: PipelineConfig) -> None:
        """Checks what can be checked before any work, the quickest first. Raises UserError."""
        self.config = config
        recording = config.recording
        inputs = (recording.json_path, recording.video_path, config.checkpoint, config.classifier)
        for path in inputs:
            if path is not None:
                check_readable(path)
        self.stages = Stages(config.folder, redo=config.redo)
        self._check_inputs()
        self.lifter = Lifter.from_checkpoint(config.checkpoint, best_device(), config.steps)
        self.classifier = Classifier.from_checkpoint(config.classifier, best_device())
        self.recording_notes: list[str] = []
        self.video = recording.video_path and Path(recording.video_path)

    def _check_inputs(self) -> None:
        """An input that a result would overwrite is refused."""
        recording = self.config.recording
        for given in filter(None, (recording.json_path, recording.video_path)):
            for result in filter(Path.exists, map(self.stages.path, RESULTS)):
                if Path(given).exists() and result.samefile(given):
                    raise UserError(
                        f"{given}: a result of that name would overwrite it; give another "
                        "--out_path, or rename it"
                    )

    def run(self) -> list[str]:
        """All steps; returns notes for the user. Raises UserError."""
        notes = self.find_keypoints() + self.lift() + self.report()
        notes += self.film() if self.config.is_rendered else self._about_older_film()
        return notes + self.page()

    def find_keypoints(self) -> list[str]:
        """pose2d.npz: the chosen person's keypoints over every frame."""

        def make() -> list[str]:
            pose, notes = read_recording(self.config.recording)
            pose.save(self.stages.path("pose2d.npz"))
            return notes

        recording = self.config.recording
        needs = [recording.json_path, recording.video_path]
        stage = Stage("keypoints", ["pose2d.npz"], needs, asdict(recording))
        self.recording_notes = self.stages.run(stage, make)
        return self.recording_notes

    def lift(self) -> list[str]:
        """pose3d.npz and X3D.npy."""
        config = self.config
        options = {
            "focal": config.focal_px, "flip": config.flip_average, "pixel": config.is_pixel,
            "size": asdict(config.size), "steps": asdict(config.steps),
            "mirrored": config.is_mirrored, "notes": self.recording_notes,
        }  # fmt: skip

        def make() -> list[str]:
            pose = self._lifted()
            pose.save(self.stages.path("pose3d.npz"))
            with written_aside(self.stages.path("X3D.npy")) as aside, aside.open("wb") as file:
                np.save(file, pose.xyz_image if config.is_pixel else pose.xyz)
            assumed = [f"focal length {pose.focal_px:.0f} px assumed"] * pose.focal_is_assumed
            is_doubtful = pose.unit == "metre" and not self.lifter.is_metric
            return [*assumed, *notes_of(pose), *size_notes(pose), *[SIZE_OF_PICTURE] * is_doubtful]

        needs = [self.stages.path("pose2d.npz"), config.checkpoint]
        return self.stages.run(Stage("lift", ["pose3d.npz", "X3D.npy"], needs, options), make)

    def report(self) -> list[str]:
        """report.json and reps.csv."""

        def make() -> list[str]:
            recognised, doubts = self._recognised()
            report = report_of(
                self.pose3d, self.config.session, video=self.video, recognised=recognised,
                doubts=doubts,
            )  # fmt: skip
            write_report(report, self.stages.folder)
            said = cautions_of(self.pose3d)  # by the steps they come from
            return [WARNING + w["message"] for w in report["warnings"] if w not in said]

        needs = [
            *(self.stages.path(name) for name in ("pose2d.npz", "pose3d.npz")),
            self.config.classifier, LIFT_ERROR, *sorted(FOLDER.glob("*.yaml")),
        ]  # fmt: skip
        options = {"session": asdict(self.config.session), "video": self.video and str(self.video)}
        return self.stages.run(Stage("report", ["report.json", "reps.csv"], needs, options), make)

    def film(self) -> list[str]:
        """X3D.mp4: overlay left, 3D right."""

        def make() -> list[str]:
            write_video(self.pose3d, self.video, self.stages.path(FILM_NAME), self.content)
            return []

        return self.stages.run(self._film, make)

    def _about_older_film(self) -> list[str]:
        film = self.stages.path(FILM_NAME)
        if not film.exists() or self.stages.is_made(self._film):
            return []
        return [f"{WARNING}{film} is of an earlier run and may show other results than these"]

    def page(self) -> list[str]:
        """report.html; with the video in it only if pictures are wanted."""
        is_rendered = self.config.is_rendered

        def make() -> list[str]:
            video = self.video if is_rendered else None
            write_page(self.content, self.pose3d, video, self.stages.path("report.html"))
            return []

        options = {"rendered": is_rendered}
        return self.stages.run(Stage("page", ["report.html"], self._shown, options), make)

    def summary(self) -> str:
        """What came out, in a few words and numbers, and where to look."""
        return summary(self.content, self.stages.path("report.html"))

    def _lifted(self) -> Pose3D:
        """Lifted as it was in truth, and its keypoints where the picture has them."""
        config, seen = self.config, self.pose2d
        pose = self.lifter.lift(
            self._true2d, flip_average=config.flip_average, focal_px=config.focal_px
        )
        size = mirrored_size(config.size, seen.size_px[0]) if config.is_mirrored else config.size
        marked = [n.removeprefix(WARNING) for n in self.recording_notes if n.startswith(WARNING)]
        pose = replace(grounded(pose, size, seen.size_px), warnings=np.array(marked, str))
        return on_mirror_image(pose) if config.is_mirrored else pose

    def _recognised(self) -> tuple[tuple[str | None, str, float] | None, list[dict]]:
        """Name (None: leave it to the analysis), source and confidence; and warnings."""
        if self.config.session.exercise is not None:
            return None, []
        windows = self.classifier.windows(self._true2d)
        mean = windows.mean
        probability = dict(zip(self.classifier.classes, mean.tolist(), strict=True))
        looks_like, certainty = guess_exercise(self.pose3d)
        other = self.classifier.other
        choice = choose_exercise(
            probability, exercise_names(), looks_like, certainty, other=other,
            is_sure=self.classifier.is_sure(windows, int(mean.argmax())),
        )  # fmt: skip
        doubt = overruled(probability, exercise_names(), choice[0], looks_like, other)
        return choice, [{"code": "classifier_overruled", "message": doubt}] if doubt else []

    @property
    def _shown(self) -> list[str | Path | None]:
        return [self.stages.path("pose3d.npz"), self.stages.path("report.json"), self.video]

    @property
    def _film(self) -> Stage:
        return Stage("film", [FILM_NAME], self._shown)

    @cached_property
    def pose2d(self) -> Pose2D:
        """The content of pose2d.npz: what the picture shows."""
        return load_pose2d(self.stages.path("pose2d.npz"))

    @property
    def _true2d(self) -> Pose2D:
        """The same as the world was, if the picture is its mirror image."""
        return mirrored_2d(self.pose2d) if self.config.is_mirrored else self.pose2d

    @cached_property
    def pose3d(self) -> Pose3D:
        """The content of pose3d.npz."""
        return load_pose3d(self.stages.path("pose3d.npz"))

    @cached_property
    def content(self) -> dict:
        """The content of report.json."""
        return orjson.loads(self.stages.path("report.json").read_bytes())
