"""A hand-made report with everything a page can show, valid under the schema, and its recording."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from lib.pose import Pose3D
from lib.skeleton import JOINTS, NUM_JOINTS

FPS = 30.0
REP_FRAMES, PAUSE_FRAMES = 30, 6


def measure(value, unit="deg", **changed) -> dict:
    return {"value": value, "unit": unit, "sigma": 3.0, "status": "measured", "reason": None,
            "severity": "info"} | changed  # fmt: skip


def not_measurable(reason: str, unit="deg") -> dict:
    return measure(None, unit, sigma=None, status="not_measurable", reason=reason, severity=None)


def frames_of(num_reps: int) -> int:
    return max(num_reps, 1) * (REP_FRAMES + PAUSE_FRAMES) + PAUSE_FRAMES


def made_rep(index: int, **changed) -> dict:
    start = PAUSE_FRAMES + (index - 1) * (REP_FRAMES + PAUSE_FRAMES)
    velocity = 0.58 - 0.04 * ((index - 1) % 8)
    return {
        "index": index, "start_frame": start, "end_frame": start + REP_FRAMES,
        "start_s": start / FPS, "end_s": (start + REP_FRAMES) / FPS,
        "events": {"ecc_start": start, "turn_start": start + 13, "turn_end": start + 15.5,
                   "con_start": start + 16, "v_peak": start + 20, "sticking": start + 23,
                   "lockout": start + 29, "knee_pass": None},
        "tempo": {"eccentric_s": 0.44, "pause_bottom_s": 0.12, "concentric_s": 0.43,
                  "pause_top_s": 0.2},
        "quality": "full", "partial_reasons": [], "confidence": 0.97 - 0.01 * index,
        "metrics": {
            "SQ-01": measure(
                -0.06 + 0.01 * index, "femur", sigma=0.05, frame=start + 14, threshold_id="SQ-01"
            ),
            "SQ-03": measure(98.4 + index, frame=start + 14),
            "SQ-04": measure(104.0, frame=start + 14),
            "SQ-05a": measure(38.0, sigma=2.0, frame=start + 17),
            "SQ-06": not_measurable("view", "ratio"),
            "SQ-10": measure(12.0, severity="warn", frame=start + 29, threshold_id="SQ-10"),
            "TV-02": measure(velocity, "m/s", sigma=0.05),
            "TV-04": measure(100 * (0.58 - velocity) / 0.58, "percent", sigma=5.0),
            "lumbar_flexion": not_measurable("not_in_skeleton"),
        },
        "findings": [
            {"code": "SQ-10", "severity": "warn", "metric": "SQ-10", "frames": [start + 29],
             "joints": ["lknee", "rknee"], "text": "Finish each rep with knees and hips straight.",
             "unit": "deg",
             "limits": {"ok": [None, 10], "warn": [None, 10], "fault": [None, 20]}}
        ],
    } | changed  # fmt: skip


def made_set(index: int, reps: list[dict], **changed) -> dict:
    kinds = [rep["quality"] for rep in reps]
    counts = {kind: kinds.count(kind) for kind in ("full", "partial", "failed", "suspect")}
    percent = np.arange(101.0)
    curve = 100 * np.sin(np.pi * percent / 100)
    each = [(curve * (1 - 0.02 * i)).tolist() for i in range(len(reps))]
    curves = {
        name: {"unit": "deg", "percent": percent.tolist(), "reps": each,
               "mean": np.mean(each, 0).tolist(), "sd": (3 + 0 * percent).tolist()}
        for name in ("knee", "hip", "trunk", "elbow")
    } if reps else {}  # fmt: skip
    up = 1.4 - 0.5 * np.sin(np.pi * np.arange(30) / 29)
    trace = {"t_s": (np.arange(30) / FPS).tolist(), "up": up.tolist(),
             "forward": (0.04 * np.cos(np.arange(30) / 5)).tolist()}  # fmt: skip
    path = {"proxy": "neck", "unit": "m", "origin": "midfoot_floor", "reps": [trace] * len(reps)}
    best = next((rep["index"] for rep in reps if rep["quality"] == "full"), None)
    summary = {
        "best_rep": best, "velocity_loss": measure(14.0, "percent", sigma=5.0),
        "rom_cv": measure(2.4, "percent", sigma=None),
        "metrics": {"SQ-01": {"mean": -0.04, "sd": 0.02, "sigma": 0.03, "n": len(reps),
                              "unit": "femur"}},
    }  # fmt: skip
    counts["total"] = counts["full"] + counts["partial"]
    return {"index": index, "load_kg": 100.0, "reps": reps, "count": counts, "summary": summary,
            "curves": curves, "bar_path": path if reps else None} | changed  # fmt: skip


def made_report(*reps_of_sets: int, **changed) -> dict:
    """Sets of so many repetitions each, numbered through."""
    firsts = np.cumsum([1, *reps_of_sets])
    sets = [
        made_set(i + 1, [made_rep(int(firsts[i]) + k) for k in range(num)])
        for i, num in enumerate(reps_of_sets)
    ]
    return {
        "schema_version": "1.0.0",
        "generator": {"name": "PerfectRep", "version": "1.0.0", "config_sha256": ""},
        "units": {"time": "s", "angle": "deg", "length": "m", "velocity": "m/s",
                  "frame": "0-based source frame index, end exclusive"},
        "source": {"path": "/a/b/lift.mp4", "n_frames": frames_of(sum(reps_of_sets)), "fps": FPS},
        "exercise": {"name": "squat", "source": "classifier", "confidence": 0.93},
        "frame": {"up": [0, -1, 0], "up_method": "standing_body", "up_sigma_deg": 3.0,
                  "view": {"azimuth_deg": 80, "class": "side"}},
        "scale": {"metric": True, "method": "user_height", "m_per_unit": 1.0, "rel_sigma": 0.04},
        "sets": sets, "rejected": [{"start_frame": 0, "end_frame": 5, "reason": "feet_moved"}],
        "warnings": [{"code": "made", "message": "Made by hand."}],
    } | changed  # fmt: skip


def bare_report(num_reps: int) -> dict:
    """As little as the schema allows: an exercise nobody knows, counted and no more."""
    reps = [
        {key: made_rep(i + 1)[key] for key in ("index", "start_frame", "end_frame", "quality")}
        | {"events": {}, "confidence": 0.6}
        for i in range(num_reps)
    ]  # fmt: skip
    counts = {"full": num_reps, "partial": 0, "failed": 0, "total": num_reps}
    view = {"azimuth_deg": 0, "class": "unknown"}
    return {
        "schema_version": "1.0.0", "units": made_report()["units"],
        "source": {"n_frames": frames_of(num_reps), "fps": FPS},
        "exercise": {"name": "unknown", "source": "heuristic"},
        "frame": {"up": [0, -1, 0], "up_method": "camera_y", "view": view},
        "scale": {"metric": False, "method": "none"},
        "sets": [{"index": 1, "count": counts, "reps": reps}], "warnings": [],
    }  # fmt: skip


def made_pose(num_reps: int, size_px=(160, 120), **changed) -> Pose3D:
    """Someone who faces right and squats at the report's times, camera frame, in the picture."""
    num_frames = frames_of(num_reps)
    phase = np.zeros(num_frames)
    for i_rep in range(num_reps):
        start = PAUSE_FRAMES + i_rep * (REP_FRAMES + PAUSE_FRAMES)
        phase[start : start + REP_FRAMES] = np.sin(np.pi * np.arange(REP_FRAMES) / REP_FRAMES) ** 2
    bend = np.radians(95 * phase)
    knee = np.stack([0.42 * np.sin(0.35 * bend), 0.42 * np.cos(0.35 * bend)], -1)
    hip = knee + 0.42 * np.stack([-np.sin(0.95 * bend), np.cos(0.95 * bend)], -1)
    neck = hip + 0.55 * np.stack([np.sin(0.45 * bend), np.cos(0.45 * bend)], -1)
    places = {"ankle": 0 * knee, "knee": knee, "hip": hip, "shoulder": neck, "neck": neck,
              "root": hip, "spine": (hip + neck) / 2, "nose": neck + (0.1, 0.15),
              "head": neck + (0.02, 0.25), "elbow": neck + (-0.12, -0.25),
              "wrist": neck + (0.08, -0.02)}  # fmt: skip
    xyz = np.zeros((num_frames, NUM_JOINTS, 3))
    for i_joint, name in enumerate(JOINTS):
        part, side = (name, 0.0) if name in places else (name[1:], -1.0 if name[0] == "l" else 1.0)
        xyz[:, i_joint, 0], xyz[:, i_joint, 1] = places[part][:, 0], -places[part][:, 1]
        xyz[:, i_joint, 2] = -0.15 * side  # facing right, the right side is nearer to the camera
    xy = (xyz[..., :2] + 0.1 * xyz[..., 2:]) * 0.3 * size_px[1] + np.array(size_px) * (0.5, 0.85)
    fields = {"valid": np.ones(num_frames, bool), "xy_px": xy} | changed
    return Pose3D(xyz + (0, 1, 3), FPS, "metre", "camera", **fields)


def made_video(path: Path, num_frames: int, size_px=(160, 120)) -> Path:
    """A grey film with a bar that moves a pixel a frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(round(FPS)))
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        for i_frame in range(num_frames):
            picture = np.full((size_px[1], size_px[0], 3), 110, np.uint8)
            picture[:, i_frame % size_px[0]] = 230
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path
