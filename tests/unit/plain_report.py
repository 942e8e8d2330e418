"""A report that has the least a report must have, for the tests of the page."""

from made_report import measure, not_measurable


def rep(index: int, **changed) -> dict:
    start = 30 * (index - 1)
    return {
        "index": index, "start_frame": start, "end_frame": start + 25,
        "events": {"turn_start": start + 12.5}, "quality": "full", "confidence": 0.9,
        "tempo": {"eccentric_s": 1.24, "pause_bottom_s": None, "concentric_s": 0.9,
                  "pause_top_s": 0.0},
        "metrics": {
            "SQ-01": measure(-0.061, "femur", sigma=0.05, threshold_id="SQ-01"),
            "SQ-03": measure(98.4),
            "SQ-10": not_measurable("view"), "heel_lift": not_measurable("not_in_skeleton", "bool"),
        },
    } | changed  # fmt: skip


def report(*sets_of_reps: list[dict], **changed) -> dict:
    def count(reps: list[dict]) -> dict:
        of_kind = {kind: sum(r["quality"] == kind for r in reps) for kind in ("full", "partial")}
        return of_kind | {"failed": 0, "total": len(reps)}

    sets = [{"index": i + 1, "reps": r, "count": count(r)} for i, r in enumerate(sets_of_reps)]
    return {
        "schema_version": "1.0.0",
        "units": {"time": "s", "angle": "deg", "length": "femur", "velocity": "femur/s",
                  "frame": "0-based source frame index, end exclusive"},
        "source": {"path": "/a/b/lift.mp4", "n_frames": 90, "fps": 30.0},
        "exercise": {"name": "squat", "source": "classifier", "confidence": 0.93},
        "frame": {"up": [0, -1, 0], "up_method": "standing_body", "up_sigma_deg": 3.0,
                  "view": {"azimuth_deg": 80, "class": "side"}},
        "scale": {"metric": False, "method": "none"},
        "sets": sets, "warnings": [],
    } | changed  # fmt: skip
