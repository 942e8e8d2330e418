"""From a detector's JSON to the report: the steps of infer_wild.py, each with files of its own."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson

from lib.analysis.exercises import FOLDER, UNKNOWN, exercise_names, load_exercise
from lib.analysis.form import joint_angles
from lib.analysis.gate import guess_exercise
from lib.analysis.lift_error import FILE as LIFT_ERROR
from lib.analysis.report import analyse, write_report
from lib.infer.classify import Classifier, choose_exercise, overruled
from lib.infer.ground import SizeConfig, grounded, size_notes
from lib.infer.lift import Lifter
from lib.infer.recording import RecordingConfig, read_recording
from lib.infer.source import best_device
from lib.infer.stages import Stages
from lib.infer.steps import ALL_STEPS, Steps, notes_of
from lib.pose import Pose2D, Pose3D, load_pose2d, load_pose3d, written_aside
from lib.report.html import write_html
from lib.report.video import write_video

WARNING = "warning: "
"""How a note for the user begins that the report passes on."""
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
    exercise: str | None = None
    """A name in configs/exercises or 'unknown'; None recognises it."""
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


class Pipeline:
    """The steps over one output folder; `run` is all of them in order."""

    def __init__(self, config: PipelineConfig) -> None:
        """Checks what can be checked before any work. Raises UserError."""
        self.config = config
        if config.exercise not in (None, UNKNOWN):
            load_exercise(config.exercise)
        self.lifter = Lifter.from_checkpoint(config.checkpoint, best_device(), config.steps)
        self.classifier = Classifier.from_checkpoint(config.classifier, best_device())
        self.stages = Stages(config.folder, redo=config.redo)
        self.recording_notes: list[str] = []
        self.video = config.recording.video_path and Path(config.recording.video_path)

    def run(self) -> list[str]:
        """All steps; returns notes for the user. Raises UserError."""
        notes = self.find_keypoints() + self.lift() + self.report()
        if self.config.is_rendered:
            notes += self.film()
        return notes + self.page()

    def find_keypoints(self) -> list[str]:
        """pose2d.npz: the chosen person's keypoints over every frame."""

        def make() -> list[str]:
            pose, notes = read_recording(self.config.recording)
            pose.save(self.stages.path("pose2d.npz"))
            return notes

        recording = self.config.recording
        needs = [recording.json_path, recording.video_path]
        self.recording_notes = self.stages.run(
            "keypoints", ["pose2d.npz"], needs, asdict(recording), make
        )
        return self.recording_notes

    def lift(self) -> list[str]:
        """pose3d.npz and X3D.npy."""
        config = self.config
        options = {
            "focal": config.focal_px, "flip": config.flip_average, "pixel": config.is_pixel,
            "size": asdict(config.size), "steps": asdict(config.steps),
        }  # fmt: skip

        def make() -> list[str]:
            pose = self.lifter.lift(
                self.pose2d, flip_average=config.flip_average, focal_px=config.focal_px
            )
            pose = grounded(pose, config.size, self.pose2d.size_px)
            pose.save(self.stages.path("pose3d.npz"))
            with written_aside(self.stages.path("X3D.npy")) as aside:
                np.save(aside, pose.xyz_image if config.is_pixel else pose.xyz)
            assumed = [f"focal length {pose.focal_px:.0f} px assumed"] * pose.focal_is_assumed
            is_doubtful = pose.unit == "metre" and not self.lifter.is_metric
            return [*assumed, *notes_of(pose), *size_notes(pose), *[SIZE_OF_PICTURE] * is_doubtful]

        needs = [self.stages.path("pose2d.npz"), config.checkpoint]
        return self.stages.run("lift", ["pose3d.npz", "X3D.npy"], needs, options, make)

    def report(self) -> list[str]:
        """report.json and reps.csv."""

        def make() -> list[str]:
            (name, source, confidence), doubts = self._exercise()
            report = analyse(
                self.pose3d, exercise=name, exercise_source=source, exercise_confidence=confidence,
                source=str(self.video or self.config.recording.json_path),
                cautions=[*self._cautions(), *doubts],
            )  # fmt: skip
            write_report(report, self.stages.folder)
            said = self._cautions()  # by the steps they come from
            return [WARNING + w["message"] for w in report["warnings"] if w not in said]

        needs = [
            *(self.stages.path(name) for name in ("pose2d.npz", "pose3d.npz")),
            self.config.classifier, LIFT_ERROR, *sorted(FOLDER.glob("*.yaml")),
        ]  # fmt: skip
        options = {"exercise": self.config.exercise, "notes": self.recording_notes}
        return self.stages.run("report", ["report.json", "reps.csv"], needs, options, make)

    def film(self) -> list[str]:
        """X3D.mp4: overlay left, 3D right."""

        def make() -> list[str]:
            write_video(self.pose3d, self.video, self.stages.path("X3D.mp4"), self.content)
            return []

        return self.stages.run("film", ["X3D.mp4"], self._shown, {}, make)

    def page(self) -> list[str]:
        """report.html; with the video in it only if pictures are wanted."""
        is_rendered = self.config.is_rendered

        def make() -> list[str]:
            video = self.video if is_rendered else None
            out = self.stages.path("report.html")
            write_html(self.content, self.pose3d, joint_angles(self.pose3d), video, out)
            return []

        options = {"rendered": is_rendered}
        return self.stages.run("page", ["report.html"], self._shown, options, make)

    def summary(self) -> str:
        """What came out, in a few words and numbers, and where to look."""
        exercise = self.content["exercise"]
        lines = [f"exercise: {exercise['name']} (by {exercise['source']})"]
        for part in self.content["sets"]:
            count = part["count"]
            extra = [f"{count[kind]} {kind}" for kind in ("partial", "failed", "suspect")]
            said = ", ".join(text for text in extra if not text.startswith("0 "))
            lines.append(
                f"set {part['index']}: {count['total']} reps" + (f" ({said})" if said else "")
            )
        return "\n".join([*lines, f"report: {self.stages.path('report.html')}"])

    def _exercise(self) -> tuple[tuple[str | None, str, float], list[dict]]:
        """Name (None: leave it to the analysis), source and confidence; and warnings."""
        if self.config.exercise is not None:
            return (self.config.exercise, "user", 1.0), []
        windows = self.classifier.windows(self.pose2d)
        mean = windows.mean
        probability = dict(zip(self.classifier.classes, mean.tolist(), strict=True))
        looks_like, certainty = guess_exercise(self.pose3d)
        other = self.classifier.other
        choice = choose_exercise(
            probability, exercise_names(), looks_like, certainty, other=other,
            is_sure=self.classifier.is_sure(windows, int(mean.argmax())),
        )  # fmt: skip
        doubt = overruled(probability, choice[0], looks_like, other)
        return choice, [{"code": "classifier_overruled", "message": doubt}] if doubt else []

    def _cautions(self) -> list[dict]:
        """What the report's reader should know of the steps before it."""
        marked = [note for note in self.recording_notes if note.startswith(WARNING)]
        found = [{"code": "recording", "message": note.removeprefix(WARNING)} for note in marked]
        if self.pose3d.focal_is_assumed:
            text = f"Focal length {self.pose3d.focal_px:.0f} px assumed; --focal corrects it."
            found.append({"code": "focal_assumed", "message": text})
        return found

    @property
    def _shown(self) -> list[str | Path | None]:
        return [self.stages.path("pose3d.npz"), self.stages.path("report.json"), self.video]

    @cached_property
    def pose2d(self) -> Pose2D:
        """The content of pose2d.npz."""
        return load_pose2d(self.stages.path("pose2d.npz"))

    @cached_property
    def pose3d(self) -> Pose3D:
        """The content of pose3d.npz."""
        return load_pose3d(self.stages.path("pose3d.npz"))

    @cached_property
    def content(self) -> dict:
        """The content of report.json."""
        return orjson.loads(self.stages.path("report.json").read_bytes())
