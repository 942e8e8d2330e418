"""What a reader of the report should know before trusting it."""

import numpy as np

from lib.analysis.another import LEAST_CERTAINTY, others_in
from lib.analysis.exercises import UNKNOWN, Exercise, load_exercise
from lib.analysis.form import segment_length
from lib.analysis.gravity import LifterFrame
from lib.analysis.half_returns import half_returns
from lib.analysis.lift_error import load_lift_error
from lib.analysis.records import SHORTEST_S, RepCount
from lib.analysis.track import SHORT_GAP_S, Track
from lib.geometry import angle_deg
from lib.pose import Pose3D
from lib.vertical import (
    FARTHEST_DEG,
    TILT_WARNING_DEG,
    plank_axis,
    sides_off_level_deg,
    standing_axis,
)

SIDE_RATIO = 1.25
"""Left and right limb lengths further apart are not one body's."""
OFF_LEVEL = {
    "standing_body": "The standing body is {} degrees off the picture's vertical",
    "support_plane": "The floor under hands and feet is {} degrees off level in the picture",
}
"""What shows a tilted camera, by how up was told."""


def _warning(code: str, message: str) -> dict:
    return {"code": code, "message": message}


def _uneven_limbs(track: Track) -> list[str]:
    uneven = []
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        left, right = (segment_length(track, (s + a, s + b)) for s in "lr")
        if max(left, right) > SIDE_RATIO * min(left, right):  # False if either is unknown
            uneven.append(f"{a}-{b}")
    return uneven


def _turned(count: RepCount, exercise: Exercise, is_swapped: bool) -> str:
    """What shows that the picture is turned: where the body says up is, so far off what is taken
    for up that it was not believed. Empty if nothing does. is_swapped: left and right are.

    Looked for where reps are, if there are any: else people may do anything.
    """
    track, is_rep = count.track, np.zeros(len(count.track), bool)
    for rep in count.reps:
        is_rep[rep.cycle.start : rep.cycle.end + 1] = True
    xyz = track.xyz[is_rep] if is_rep.any() else track.xyz
    if exercise.upright:
        axis = standing_axis(xyz, track.fps)
        sign = "The body stands in this exercise but lies in the picture"
    elif exercise.on_hands:
        axis = plank_axis(xyz, track.fps)
        axis = -axis if is_swapped and axis is not None else axis
        sign = "The floor under hands and feet is a wall or a ceiling in the picture"
    else:
        return ""
    if axis is not None and angle_deg(axis, track.up.vector) > FARTHEST_DEG:
        return sign
    # Seen from behind it is lifted as no plank, but which way it is wide the picture itself shows.
    is_steep = exercise.on_hands and sides_off_level_deg(xyz, track.up.vector) > FARTHEST_DEG
    return "Left and right are above each other in the picture" if is_steep else ""


def _lasts_s(count: RepCount) -> float:
    return len(count.track) / count.track.fps


def _why_unknown(pose: Pose3D, count: RepCount, exercise_source: str) -> str:
    """In the order of what helps most: a person cannot name what nobody saw."""
    done = "what repeats was counted, nothing measured" if count.reps else "nothing was counted"
    if not count.reps and {r.reason for r in count.rejected} == {"missing_data"}:
        is_somebody = np.isfinite(pose.xyz[np.asarray(pose.valid, bool)]).any()
        who = "The body was not seen for long enough" if is_somebody else "Nobody was seen"
        return f"{who} in the recording, so {done}."
    if _lasts_s(count) < SHORTEST_S:
        return f"The recording lasts {_lasts_s(count):.1f} s, too short for a repetition."
    if exercise_source == "user":
        return f"The exercise is left unknown, as asked: {done}."
    return f"The movement is none of the known exercises, so {done}; name it."


def _about_exercise(
    pose: Pose3D, count: RepCount, exercise: str, exercise_source: str, guess: str, certainty: float
) -> list[dict]:
    if exercise == UNKNOWN:
        return [_warning("exercise_unknown", _why_unknown(pose, count, exercise_source))]
    surely_other = guess not in (UNKNOWN, exercise) and certainty > LEAST_CERTAINTY
    if surely_other and exercise_source != "heuristic":
        done = "Counted as" if count.reps else "Looked for"
        text = f"{done} {exercise}, but the movement looks like {guess}."
        return [_warning("exercise_mismatch", text)]
    return []


def _about_counting(pose: Pose3D, count: RepCount) -> list:
    found = []
    if len(pose.xyz) == 0:
        found.append(_warning("no_frames", "The recording has no frames."))
    elif count.exercise != UNKNOWN and _lasts_s(count) < SHORTEST_S:
        text = f"The recording lasts {_lasts_s(count):.1f} s, too short for a repetition."
        found.append(_warning("too_short", text))
    step_s = np.diff(pose.time_s)
    if len(step_s) and np.median(step_s) > SHORT_GAP_S:
        text = f"{1 / np.median(step_s):.1f} frames a second are too few: between frames further "
        text += f"than {SHORT_GAP_S} s apart nothing is known, so nothing was counted there."
        found.append(_warning("too_few_frames", text))
    edges = sum(r.reason == "edge_of_video" for r in count.rejected)
    if edges:
        which, verb = ("half reps", "are") if edges > 1 else ("half rep", "is")
        text = f"{edges} {which} cut by the start or end of the video {verb} not counted."
        if count.exercise == "squat":
            text += " To count stand-ups from a chair, name the exercise sit_to_stand."
        found.append(_warning("edge_of_video", text))
    for i_set, unseen in count.unseen_within_sets:
        start, end = unseen.start_frame, unseen.end_frame
        lasts_s = np.diff(pose.time_s[[start, end - 1]])[0]
        text = f"Nothing could be counted for {lasts_s:.1f} s within set {i_set}, in frames "
        text += f"{start} to {end - 1}: any reps there are not counted."
        found.append(_warning("unseen_within_set", text) | {"frames": [start, end]})
    return found


def _about_slowness(pose: Pose3D, count: RepCount, exercise: Exercise) -> list:
    """Of a video in slow motion, read at the rate it is shown at, nothing is counted."""
    ends = [(r.start_frame, r.end_frame - 1) for r in count.rejected if r.reason == "duration"]
    longest_s = max(np.diff(pose.time_s[np.array(ends)])[:, 0], default=0.0) if ends else 0.0
    if count.reps or longest_s <= exercise.checks.duration_s[1]:
        return []
    text = f"A movement of {longest_s:.0f} s is too slow for a repetition: of a video in slow "
    return [_warning("too_slow", f"{text}motion give the rate it was filmed at (--fps).")]


def _about_half_returns(count: RepCount, exercise: Exercise) -> list[dict]:
    found = []
    for rep, (start, end) in half_returns(count, exercise):
        text = f"Rep {rep.index} goes part of the way back and comes again in frames {start} to "
        text += f"{end - 1}: what was counted as one may be two."
        found.append(_warning("incomplete_return", text) | {"frames": [start, end]})
    return found


def _about_others(count: RepCount) -> list[dict]:
    found = []
    for other in others_in(count):
        start, end = other.start_frame, other.end_frame
        text = f"{other.num_reps} repetitions look like {other.exercise}, the first of them in "
        text += f"frames {start} to {end - 1}: a report is of one exercise, so cut the video."
        found.append(_warning("another_exercise", text) | {"frames": [start, end]})
    return found


def find_warnings(
    pose: Pose3D,
    count: RepCount,
    lifter: LifterFrame,
    exercise: str,
    exercise_source: str,
    guess: str,
    certainty: float,
) -> list[dict]:
    """The schema's `warnings`."""
    found = _about_exercise(pose, count, exercise, exercise_source, guess, certainty)
    found += _about_counting(pose, count)
    is_swapped, turned = lifter.is_swap_suspected, ""
    is_other = "exercise_mismatch" in {warning["code"] for warning in found}
    found += [] if is_other else _about_others(count)
    if exercise != UNKNOWN:
        rules = load_exercise(exercise)
        found += _about_half_returns(count, rules) + _about_slowness(pose, count, rules)
        # A squat lies in the picture as no push-up does, and is not turned for that.
        turned = "" if is_other else _turned(count, rules, is_swapped)
    if turned:
        text = f"{turned}: the video seems to be on its side or upside down. "
        text += "What depends on up is wrong; turn it and detect again."
        found.append(_warning("camera_tilt", text))
    elif lifter.up.is_tilted:
        text = OFF_LEVEL.get(lifter.up.method, "Up is {} degrees off the picture's vertical")
        text = text.format(f"more than {TILT_WARNING_DEG:.0f}")
        found.append(_warning("camera_tilt", f"{text}: the camera seems tilted."))
    if pose.checkpoint_sha256 not in ("", load_lift_error().lifter_sha256):
        text = "The uncertainties are those of another lifter than the one used here: measure its "
        text += "own with benchmarks/metric_errors.py."
        found.append(_warning("lifter_error_unknown", text))
    if is_swapped:
        text = "Face or arms point backwards in most frames: left and right may be exchanged."
        found.append(_warning("left_right_swap_suspected", text))
    uneven = _uneven_limbs(count.track)
    if uneven:
        text = f"Left and right differ in length ({', '.join(uneven)}): the 3D may be poor there."
        found.append(_warning("bone_asymmetry", text))
    return found
