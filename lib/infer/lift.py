"""2D keypoints of any length and frame rate to 3D: the one path for evaluation and for the wild.

B windows, T frames, L window length, J = 17 joints.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lib import signals
from lib.config import build
from lib.data.targets import TARGETS, Target, target_name
from lib.errors import UserError
from lib.geometry import Camera, mirror
from lib.infer.calibration import Calibration, calibration_in
from lib.infer.evidence import MOST_UNSEEN_S, evidence, unseen_s
from lib.infer.place import check_focal, ideal_camera, place
from lib.infer.raw import Finished, RawLift
from lib.infer.rays import overstated
from lib.infer.source import config_part, device_of, evaluating, fps_part, frames_part, network_of
from lib.infer.steps import ALL_STEPS, Steps, finish, repaired
from lib.infer.track import Segment, is_in_sight, is_seen, segments, trusted
from lib.infer.windows import blend
from lib.model.checkpoint import sha256
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.foreign import load_trained
from lib.pose import Pose2D, Pose3D
from lib.skeleton import JOINT

_ROOT = JOINT["root"]


class Lifter:
    """A trained network together with the window and frame rate it was trained at."""

    def __init__(
        self, model: nn.Module, *, window: int, fps: float, sha256: str = "",
        steps: Steps = ALL_STEPS, calibration: Calibration | None = None,
        target: Target = TARGETS["metres"], pans: bool = False,
    ) -> None:  # fmt: skip
        """model maps (B, T, 17, 3) to what target says (B, T, 17, 3), T <= window.

        pans: it was trained with crops that move with the person.
        """
        self.model, self.window, self.fps, self.sha256 = model, window, fps, sha256
        # In pixels a person who comes nearer grows: there is no one length to hold, and x and y
        # are the picture's already.
        self.steps = (
            steps if target.is_metric
            else replace(steps, second_look=False, rays=False, bones=False)
        )  # fmt: skip
        self.calibration, self.target, self.pans = calibration, target, pans

    @property
    def is_metric(self) -> bool:
        """Whether lifted poses are in metres, as well as the network knows them."""
        return self.target.is_metric

    @classmethod
    def from_checkpoint(
        cls, path: str | Path, device: str = "cpu", steps: Steps = ALL_STEPS
    ) -> "Lifter":
        """Read a lifting checkpoint; its config says everything.

        device: as torch names them. Raises UserError for that as well where it is not to be had.
        MotionBERT's weights do as well: lib.model.foreign.load_trained.
        """
        checkpoint = load_trained(path)
        if checkpoint.kind != "lifting":
            raise UserError(f"{path}: holds a model for '{checkpoint.kind}'; give a lifting one")
        size = build(DSTformerConfig, config_part(checkpoint, "model", path), str(path))
        return cls(
            network_of(lambda: DSTformer(size), checkpoint, path, device),
            window=frames_part(checkpoint, "data.clip_len", path),
            fps=fps_part(checkpoint, path),
            sha256=sha256(path),
            steps=steps,
            calibration=calibration_in(checkpoint.config, path),
            target=TARGETS[target_name(checkpoint.config, path)],
            # Not in checkpoints from before it could be chosen.
            pans=bool(checkpoint.config["data"].get("pan", False)),
        )

    def lift_relative(
        self, pose: Pose2D, *, flip_average: bool = True, focal_px: float | None = None
    ) -> np.ndarray:
        """(T, 17, 3) root-relative pose at the video's own frames, whatever its frame rate.

        After the steps, as shipped. Metres, or pixels of an image-aligned lifter: a person who
        comes nearer grows in them. Frames in long gaps are straight lines between their
        neighbours. focal_px and UserError as in `lift`.
        """
        return self.finished(pose, flip_average=flip_average, focal_px=focal_px).xyz

    def lift(
        self, pose: Pose2D, *, flip_average: bool = True, focal_px: float | None = None
    ) -> Pose3D:
        """Lift and place in front of the camera. Unit 'relative': true size is not known.

        focal_px: focal length in pixels; None assumes one and says so in the result. Raises
        UserError when nobody is seen, and for a focal length that no lens has, as in millimetres.
        """
        done = self.finished(pose, flip_average=flip_average, focal_px=focal_px)
        pose = done.pose
        placed = place(done.xyz, pose, focal_px)
        return Pose3D(
            xyz=placed.xyz,
            fps=pose.fps,
            unit="relative",
            frame="camera",
            valid=is_seen(pose),
            time_s=pose.time_s,
            sigma=np.where(_is_told(pose), self._sigma(done), np.nan),
            # Without these the joints move less, which the calibration would take for certainty.
            sigma_is_calibrated=(
                self.calibration is not None and self.steps.second_look and self.steps.rays
            ),
            xy_px=np.where(pose.score[..., None] > 0, pose.xy_px, np.nan),
            # By it alone later steps tell what was seen.
            score=np.where(is_in_sight(pose), pose.score, 0.0),
            repaired=done.repaired,
            xyz_image=placed.xyz_image,
            focal_px=placed.focal_px,
            focal_is_assumed=focal_px is None,
            checkpoint_sha256=self.sha256,
            source=pose.source,
            size_px=pose.size_px,
        )

    def finished(
        self, pose: Pose2D, *, flip_average: bool = True, focal_px: float | None = None
    ) -> Finished:
        """Repair, lift and finish a recording; focal_px and UserError as in `lift`."""
        pose, frames = repaired(pose, self.steps)
        first = raw = self.raw(pose, flip_average=flip_average, focal_px=focal_px)
        if self.steps.second_look:
            raw = self.look_again(first, pose, flip_average=flip_average, focal_px=focal_px)
        return Finished(pose, frames, first, raw, finish(raw, pose, self.steps, focal_px))

    def look_again(
        self, raw: RawLift, pose: Pose2D, *, flip_average: bool = True,
        focal_px: float | None = None,
    ) -> RawLift:  # fmt: skip
        """What the network says when what it missed at first, raw, is made up for; as `raw`."""
        shifted = overstated(raw, pose, focal_px)
        return self.raw(shifted, flip_average=flip_average, focal_px=focal_px)

    def _sigma(self, done: Finished) -> np.ndarray:
        """(T, 17) uncertainty: calibrated, else the flip disagreement. NaN without flipping."""
        if self.calibration is None or np.isnan(done.raw.flip_spread).all():
            return done.raw.flip_spread
        return self.calibration.sigma(evidence(done))

    def raw(
        self, pose: Pose2D, *, flip_average: bool = True, focal_px: float | None = None
    ) -> RawLift:
        """What the network says of every frame, before any step after it; focal_px as in `lift`.

        Frames in long gaps are straight lines between their neighbours. Raises UserError as
        `lift`.
        """
        check_focal(focal_px, pose.size_px)
        camera = ideal_camera(pose.size_px, focal_px)
        pieces = segments(pose, self.fps)
        times = np.concatenate([piece.time_s for piece in pieces])
        with evaluating(self.model):
            answers = np.concatenate(
                [self._segment(piece, camera, flip_average) for piece in pieces]
            )
        at_frames = signals.resample(answers, times, pose.time_s)
        runs = tuple(piece.frames for piece in pieces)
        return RawLift(at_frames[..., :3], at_frames[..., 3], runs)

    def _segment(self, piece: Segment, camera: Camera, flip_average: bool) -> np.ndarray:
        """(T, 17, 4) at the segment's times: root-relative x, y, z, and how far the answers to
        the mirrored input and of other streams are from it."""

        def answer(frames_BL: np.ndarray) -> np.ndarray:
            clips = np.stack([piece.clip(frames, self.pans) for frames in frames_BL])
            crops = [piece.crop(frames, self.pans) for frames in frames_BL]
            pairs = zip(self._answers(clips, flip_average), crops, strict=True)
            mean, spread = _with_spread(
                np.stack([self.target.in_camera(each, crop, camera) for each, crop in pairs])
            )
            return np.concatenate([mean, spread if flip_average else np.nan * spread], -1)

        return blend(len(piece.time_s), self.window, answer)

    @torch.inference_mode()
    def _answers(self, x_BLJC: np.ndarray, flip_average: bool) -> np.ndarray:
        """(B, K, L, 17, 3) root-relative: of each of the network's streams, with flip_average also
        those to the mirror image."""
        x = torch.from_numpy(x_BLJC).to(device_of(self.model))
        answers = _root_relative(self._each(x))
        if flip_average:
            answers = torch.cat([answers, mirror(_root_relative(self._each(mirror(x))))])
        return answers.transpose(0, 1).cpu().double().numpy()

    def _each(self, x_BLJC: torch.Tensor) -> torch.Tensor:
        """(M, B, L, 17, 3): answers of each stream; of any other network its one answer."""
        if isinstance(self.model, DSTformer):
            return self.model.answers(x_BLJC)
        return self.model(x_BLJC).unsqueeze(0)


def _with_spread(answers_BKLJC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B, L, 17, 3) mean of K answers and (B, L, 17, 1) how far they are from it (RMS)."""
    mean = answers_BKLJC.mean(1)
    square = ((answers_BKLJC - mean[:, None]) ** 2).sum(-1, keepdims=True)
    return mean, np.sqrt(square.mean(1))


def _is_told(pose: Pose2D) -> np.ndarray:
    """(T, 17) where sigma is known: somebody is seen, and the joint, within a second; the root."""
    told = unseen_s(trusted(pose), pose.time_s) < MOST_UNSEEN_S
    told[:, _ROOT] = True
    return told & is_seen(pose)[:, None]


def _root_relative(xyz: torch.Tensor) -> torch.Tensor:
    xyz = xyz.float()
    return xyz - xyz[..., _ROOT : _ROOT + 1, :]
