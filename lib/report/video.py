"""X3D.mp4: the video with its skeleton on the left, the 3D skeleton from another side on the right.

T frames, J = 17 joints. One frame of the film for each row of the pose, at the row's own time.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lib.data.video import upright_size_px
from lib.draw import COLOURS, Surface
from lib.errors import UserError
from lib.pose import Pose3D
from lib.report.footage import even, mp4_writer, rows_of, ticks_of
from lib.report.labels import counters_of
from lib.scene import Scene, look, make_scene
from lib.skeleton import BONE_INDEX

MIN_HEIGHT_PX, MAX_HEIGHT_PX = 360, 640
MAX_WIDTH_PX = 2560
"""Of the source's panel; what is wider than this at MIN_HEIGHT_PX gets a lower film."""
PITCH_DEG = 10.0
GRID_STEP = 0.25
"""Between floor lines, in the scene's unit."""
UNSEEN_PALENESS = 0.65
PAPER, GRID, SHADOW, INK = "#f6f7f9", (0.86, 0.88, 0.9), (0.76, 0.79, 0.82), "#1c2430"


def write_video(pose: Pose3D, video: Path | None, out: Path, report: dict | None = None) -> None:
    """Write out (MP4, H.264). Without a video only the 3D view.

    report: the analysis report; its rep count is shown and its up direction used. Frames that
    nobody detected are paler. Raises UserError for an unreadable video or a pose of no frames.
    """
    if not len(pose.xyz):
        raise UserError(f"{out}: the pose has no frames, so there is nothing to show")
    overlays = None if video is None else _Overlays(pose, video)
    height = MAX_HEIGHT_PX if overlays is None else overlays.surface.size_px[1]
    space = _Space(make_scene(pose, up_of(report)), height)
    labels = rep_labels(report, len(pose.xyz))
    lefts = iter(overlays) if overlays else iter([])
    with mp4_writer(out, _size(overlays, space), pose.fps, crf="23", preset="veryfast") as write:
        for i_row, tick in enumerate(ticks_of(pose)):
            right = space.draw(i_row, labels[i_row])
            left = next(lefts, None)
            write(right if left is None else np.concatenate([left, right], 1), tick)


def up_of(report: dict | None) -> list[float] | None:
    """The report's up direction in the pose's frame, if it has one."""
    return report["frame"]["up"] if report else None


def rep_labels(report: dict | None, num_rows: int) -> list[str]:
    """What to write over each row: 'Rep 2 / 5' during a rep, '2 / 5' between reps
    (`labels.counters_of`)."""
    labels, sets = [""] * num_rows, report["sets"] if report else []
    counters = counters_of(report) if report else []
    texts = [
        (rep, f"Set {i_set + 1}   " if len(sets) > 1 else "", count)
        for i_set, of_set in enumerate(sets)
        for rep, count in zip(of_set["reps"], counters[i_set], strict=True)
    ]
    starts = [min(rep["start_frame"], num_rows) for rep, *_ in texts]
    spans = itertools.pairwise([*starts, num_rows])
    for (rep, place, count), (start, until) in zip(texts, spans, strict=True):
        stop = min(rep["end_frame"], until)
        labels[start:stop] = [f"{place}Rep {count}"] * (stop - start)
        labels[stop:until] = [f"{place}{count}"] * (until - stop)
    return labels


class _Overlays:
    """The video's own frames with the lifted keypoints drawn over them."""

    def __init__(self, pose: Pose3D, video: Path) -> None:
        self._video, self._pose = video, pose
        width, height = upright_size_px(video)
        panel_height = np.clip(height, MIN_HEIGHT_PX, MAX_HEIGHT_PX)
        panel_height = even(min(panel_height, MAX_WIDTH_PX * height / width))
        self.surface = Surface(even(width * panel_height / height), panel_height)
        self._scale = np.array(self.surface.size_px) / (width, height)

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 4) pictures, one a row; past the video's end the skeleton stands on grey."""
        pictures = rows_of(self._video, len(self._pose.xyz), self.surface.size_px)
        bone_px = self.surface.size_px[1] / 110
        for i_row, picture in enumerate(pictures):
            self.surface.fill("#40464d" if picture is None else picture)
            paleness = 0.0 if self._pose.valid[i_row] else UNSEEN_PALENESS
            xy = self._pose.xy_px[i_row] * self._scale
            self.surface.skeleton(xy, width_px=bone_px, paleness=paleness)
            yield self.surface.rgba


class _Space:
    """The 3D view. One scale and place for the whole film, so that nothing flickers."""

    def __init__(self, scene: Scene, side_px: int) -> None:
        self._scene = scene
        self.surface = Surface(side_px, side_px)
        self._place, self._scale = _fit(scene, side_px)
        shadow = scene.xyz * (1, 1, 0)
        self._shadow_TJ2 = self._to_px(look(shadow, scene.yaw_deg, PITCH_DEG)[0])
        across, self._depth_TJ = look(scene.xyz, scene.yaw_deg, PITCH_DEG)
        self._body_TJ2 = self._to_px(across)
        self._background = self._empty_room()

    def _to_px(self, across: np.ndarray) -> np.ndarray:
        return (across - self._place) * (self._scale, -self._scale) + self.surface.size_px[1] / 2

    def _empty_room(self) -> np.ndarray:
        self.surface.fill(PAPER)
        lines = self._to_px(look(_floor_lines(self._scene), self._scene.yaw_deg, PITCH_DEG)[0])
        self.surface.lines(lines, [GRID] * len(lines), [1.0] * len(lines))
        bottom = self.surface.size_px[1] - 26
        self.surface.text(14, bottom, "left side", size=11, colour=COLOURS["left"])
        self.surface.text(90, bottom, "right side", size=11, colour=COLOURS["right"])
        return self.surface.rgba.copy()

    def draw(self, i_row: int, label: str) -> np.ndarray:
        """(H, W, 4) picture of one row."""
        is_seen = self._scene.is_seen[i_row]
        paleness = 0.0 if is_seen else UNSEEN_PALENESS
        bone_px = self.surface.size_px[1] / 90
        self.surface.fill(self._background)
        shadow = self._shadow_TJ2[i_row][np.array(BONE_INDEX)]
        self.surface.lines(shadow, [SHADOW] * len(shadow), [bone_px * 0.8] * len(shadow))
        self.surface.skeleton(
            self._body_TJ2[i_row], self._depth_TJ[i_row], width_px=bone_px, paleness=paleness
        )
        if label:
            self.surface.text(14, 12, label, size=20)
        if not is_seen:
            self.surface.text(14, 46, "not detected, filled in", size=11, colour=INK)
        return self.surface.rgba


def _size(overlays: _Overlays | None, space: _Space) -> tuple[int, int]:
    width, height = space.surface.size_px
    return (width if overlays is None else width + overlays.surface.size_px[0], height)


def _fit(scene: Scene, side_px: int) -> tuple[np.ndarray, float]:
    """Middle (2,) and pixels per unit that keep the body in view in all but the wildest frames."""
    across, _ = look(scene.xyz, scene.yaw_deg, PITCH_DEG)
    points = across[np.isfinite(across).all(-1)]
    if not len(points):
        return np.array([0.0, 0.9]), side_px / 2.4
    low, high = np.quantile(points, 0.002, axis=0), np.quantile(points, 0.998, axis=0)
    reach = max(float((high - low).max()), 1e-6)
    return (low + high) / 2, side_px * 0.78 / reach


def _floor_lines(scene: Scene) -> np.ndarray:
    """(K, 2, 3) grid under everywhere the body goes."""
    floor = scene.xyz[..., :2][np.isfinite(scene.xyz).all(-1)]
    if not len(floor):
        floor = np.zeros((1, 2))
    low = np.floor(np.quantile(floor, 0.002, axis=0) / GRID_STEP - 1) * GRID_STEP
    high = np.ceil(np.quantile(floor, 0.998, axis=0) / GRID_STEP + 1) * GRID_STEP
    xs, ys = (np.arange(low[k], high[k] + GRID_STEP / 2, GRID_STEP) for k in (0, 1))
    along_y = [[(x, ys[0], 0), (x, ys[-1], 0)] for x in xs]
    along_x = [[(xs[0], y, 0), (xs[-1], y, 0)] for y in ys]
    return np.array(along_y + along_x, float)
