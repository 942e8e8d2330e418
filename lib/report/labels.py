"""Words and numbers for the codes and measures of the analysis report."""

from collections.abc import Sequence

from lib.analysis.exercises import Exercise
from lib.analysis.records import COUNTED

WHY_NOT = {
    "view": "this camera angle does not show it well enough",
    "lifter": "the 3D estimated from the picture is not exact enough for a verdict",
    "occlusion": "that part of the body was hidden",
    "missing_joint": "a joint it needs was not detected",
    "no_scale": "the true size is not known; give the lifter's height",
    "no_up": "it is not known well enough which way is up; hold the camera level",
    "phase_missing": "the repetition lacks this phase",
    "too_few_reps": "it takes more repetitions",
    "not_judged": "it is told of full repetitions only",
    "noise": "too unsteady to be told from noise",
    "wide_sigma": "its spread is nearly as wide as what it would tell",
    "interpolated": "part of it was hidden and filled in",
    "left_right_swap_suspected": "left and right may be exchanged in the detections",
    "variant": "it means nothing for this variant of the exercise",
    "not_in_skeleton": "the 17 joints do not show it",
}
WHY_REJECTED = {
    "amplitude": "too small a movement",
    "duration": "too short or too long",
    "missing_data": "the body was not detected for long enough",
    "antiphase_legs": "the legs moved in turn, as in walking",
    "feet_moved": "the feet moved",
    "hands_not_on_bar": "the hands did not move as on a bar",
    "posture": "the posture does not fit the exercise",
    "never_locked_out": "it never reached the straight position",
    "edge_of_video": "cut off by the start or end of the video",
    "no_excursion": "no movement of this kind",
    "not_periodic": "no movement that repeats",
}
VIEWS = {
    "front": "from the front",
    "front_oblique": "from the front at an angle",
    "side": "from the side",
    "back_oblique": "from behind at an angle",
    "back": "from behind",
    "unknown": "from an unknown side",
}
UP_FOUND = {
    "given": "given",
    "imu": "from the phone's sensor",
    "standing_body": "from the standing body",
    "support_plane": "from hands and feet",
    "bar_path": "from the bar's path",
    "camera_y": "taken as straight up in the picture",
}
SCALES = {
    "none": "not known; lengths are in thigh lengths",
    "user_height": "from the lifter's height",
    "user_segment": "from a measured limb",
    "plate": "from the plate",
    "calibrated_camera": "from a calibrated camera",
}
NAMES = {
    "TV-02": "mean velocity on the way up", "TV-03": "peak velocity on the way up",
    "TV-04": "velocity loss",
}  # fmt: skip
"""Of metrics that an exercise's file leaves out."""
KNOWN_BY = {"user": "given", "classifier": "recognised", "heuristic": "recognised by the movement"}
UNITS = {"deg": "°", "femur": "% of thigh", "femur/s": "thighs/s", "percent": "%", "ratio": "",
         "count": "", "bool": "", "deg/rep": "° per rep"}  # fmt: skip
DIGITS = {"deg": 0, "femur": 0, "percent": 0, "count": 0, "deg/rep": 1}
"""After the point; two for any other unit."""
DASH, MINUS = "\u2013", "\u2212"


def counted(num: int, word: str) -> str:
    """'1 rep', '2 reps'."""
    return f"{num} {word}{'s' * (num != 1)}"


def number(measure: dict) -> str:
    """A measured value with its spread; lengths relative to the thigh in percent of it."""
    if measure["status"] == "not_measurable" or measure["value"] is None:
        return DASH
    if measure["unit"] == "bool":
        return "yes" if measure["value"] else "no"
    text, sigma = plain_number(measure["value"], measure["unit"]), measure.get("sigma")
    return text + (f" ± {spread(sigma, measure['unit'])}" if sigma else "")


def spread(sigma: float, unit: str) -> str:
    """As `plain_number`; a small one is less than the last digit, not nothing."""
    text = plain_number(sigma, unit)
    return text if float(text) else f"<{10.0 ** -DIGITS.get(unit, 2):.{DIGITS.get(unit, 2)}f}"


def plain_number(value: float, unit: str) -> str:
    """With as many digits as its unit deserves."""
    factor = 100 if unit == "femur" else 1
    digits = DIGITS.get(unit, 2)
    return f"{round(value * factor, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def with_unit(measure: dict) -> str:
    """`number` and its unit, as in a sentence."""
    unit = UNITS.get(measure["unit"], measure["unit"])
    return f"{number(measure)}{'' if unit.startswith('°') else ' '}{unit}".rstrip()


def limits_text(limits: dict, unit: str) -> str:
    """'ok up to 5°, fault from 12°': where a metric turns, in the unit that its value has.

    limits: the schema's, each [low, high] with None for a side without a limit.
    """
    ok, warn, fault = (limits[name] for name in ("ok", "warn", "fault"))
    parts = [f"ok {_ends(ok, unit, ('up to', 'down to', 'from {} to {}'))}"]
    beyond = ("from", "from", "below {} or above {}")
    if warn and not (fault and warn == ok):
        parts.append(f"warning {_ends(warn, unit, beyond)}")
    if fault:
        parts.append(f"fault {_ends(fault, unit, beyond)}")
    name = UNITS.get(unit, unit)
    return ", ".join(parts) + (name[1:] if name.startswith("°") else f" {name}".rstrip())


def _ends(ends: Sequence[float | None], unit: str, words: tuple[str, str, str]) -> str:
    """words: before a high end, before a low one, and around both."""
    low, high = (None if end is None else _limit(end, unit) for end in ends)
    if high is None:
        return f"{words[1]} {low}"
    if low is None or low == MINUS + high:
        return f"{words[0]} {'±' if low else ''}{high}"
    return words[2].format(low, high)


def _limit(value: float, unit: str) -> str:
    """With up to one digit more than a measured value: it is exact."""
    exact = round(value * (100 if unit == "femur" else 1), DIGITS.get(unit, 2) + 1)
    text = f"{exact + 0.0:g}".replace("-", MINUS)
    return text + ("°" if UNITS.get(unit, unit).startswith("°") else "")


def view_of(of_set: dict, report: dict) -> str:
    """Class of where the camera stood in a set; older reports know the whole recording's alone."""
    return (of_set.get("view") or report["frame"]["view"])["class"]


def counters_of(report: dict) -> list[list[str]]:
    """A text a rep of each set: '2 / 5', its place among the counted ones so far. The rep's own
    number before it where that is another; alone, with the quality, of one that is not counted."""
    texts, total = [], 0
    for of_set in report["sets"]:
        place, reps = total, of_set["reps"]
        total += sum(rep["quality"] in COUNTED for rep in reps)
        texts.append([])
        for rep in reps:
            text = f"{rep['index']}"
            if rep["quality"] in COUNTED:
                place += 1
                text = ("" if place == rep["index"] else f"{text}, ") + f"{place} / {total}"
            texts[-1].append(text + ("" if rep["quality"] == "full" else f" ({rep['quality']})"))
    return texts


def depth_metric(exercise: Exercise | None) -> str | None:
    """Id of the metric that has hips below knees at the bottom, of an exercise that has one."""
    rules = exercise.metrics.items() if exercise else ()
    return next((i for i, rule in rules if (rule.measure, rule.side) == ("depth", "both")), None)


def metric_name(metric_id: str, exercise: Exercise | None) -> str:
    """What the exercise's file calls a metric, else its id."""
    names = dict(NAMES)
    if exercise:
        names |= {i: rule.name for i, rule in exercise.metrics.items()}
        names |= {i: rule.name for i, rule in exercise.set_metrics.items()}
        names |= {i: absent.name for i, absent in exercise.not_in_skeleton.items()}
    return names.get(metric_id, metric_id.replace("_", " "))


def short_name(metric_id: str, exercise: Exercise | None) -> str:
    """Its name up to the first comma."""
    return sentence(metric_name(metric_id, exercise).partition(",")[0])


def sentence(words: str) -> str:
    """With a capital first letter, the others as they are."""
    return words[:1].upper() + words[1:]
