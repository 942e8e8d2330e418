"""Which rows of the pose show a repetition's key moments, from the events of the report."""

import itertools
from collections.abc import Iterable

from lib.analysis.exercises import Exercise
from lib.report.labels import sentence
from lib.report.remarks import RANK, RowOf, trusted_reps

PHASES = ("start", "bottom", "bar at the knees", "sticking point", "lockout")
NAMELESS = {"start": "start", "bottom": "turn", "lockout": "end"}
"""Of an exercise that has no file, and what they are called: whether it goes down is not known."""
MIN_APART = 2.0
"""Frames; a later moment nearer to the one before says nothing new."""
BEST_RULE = (
    "Best: the full repetition with the fewest faults, then the fewest warnings, then the longest "
    "way, where it is measured; one that the recording begins within only where there is no other. "
)
WORST_RULE = (
    "Worst: the one with the most severe findings, among equals the one that was seen least surely."
)
CLEAN_RULE = "The others have no findings; this is the one that was seen least surely."


def key_frames(rep: dict, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """Moments of one rep in the order they happen: name and row."""
    return [{"name": name, "row": row_of(frame)} for name, frame in _moments(rep, exercise)]


def _moments(rep: dict, exercise: Exercise | None) -> list[tuple[str, float]]:
    """(name, source frame), ascending."""
    names = dict(zip(PHASES, PHASES, strict=True)) if exercise else NAMELESS
    events = rep["events"]
    turn = [events[e] for e in ("turn_start", "turn_end") if events.get(e) is not None]
    at = {
        "start": rep["start_frame"],
        "bottom": sum(turn) / len(turn) if turn else None,
        "bar at the knees": events.get("knee_pass"),
        "sticking point": events.get("sticking"),
        "lockout": events.get("lockout"),
    }
    inside = [
        (name, float(frame))
        for phase, name in names.items()
        if (frame := at[phase]) is not None and rep["start_frame"] <= frame <= rep["end_frame"]
    ]
    inside.sort(key=lambda moment: moment[1])
    return _apart(inside)


def _apart(moments: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    kept: list[tuple[str, float]] = []
    for name, frame in moments:
        if not kept or frame - kept[-1][1] >= MIN_APART:
            kept.append((name, frame))
    return kept


def pair_of(of_set: dict, exercise: Exercise | None, row_of: RowOf) -> dict:
    """The best and the worst rep, and rows of both at the same phases; or why there is no pair."""
    reps = trusted_reps(of_set)
    best_index = of_set.get("summary", {}).get("best_rep")
    best = next((rep for rep in reps if rep["index"] == best_index), None)
    if len(reps) < 2:
        return {"why": "It takes two repetitions to compare them."}
    if best is None:
        return {"why": "No repetition of this set is complete enough to be the best."}
    worst = worst_rep([rep for rep in reps if rep is not best])
    name, rule = (
        ("worst", WORST_RULE) if worst.get("findings") else ("least surely seen", CLEAN_RULE)
    )
    return {
        "title": f"{sentence(name)} against best repetition", "rule": BEST_RULE + rule,
        "best": best["index"], "other": worst["index"], "otherName": name,
        "steps": _steps(best, worst, exercise, row_of),
    }  # fmt: skip


def worst_rep(reps: list[dict]) -> dict:
    """The most severe findings, then the most of them, then the lowest confidence."""

    def badness(rep: dict) -> tuple:
        ranks = [RANK[finding["severity"]] for finding in rep.get("findings", [])]
        return (*(ranks.count(rank) for rank in sorted(RANK.values())), -rep["confidence"])

    return max(reps, key=badness)


def _steps(best: dict, worst: dict, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """Moments that both reps have, and half-way between each two; rows of best and worst."""
    moments = [dict(_moments(rep, exercise)) for rep in (best, worst)]
    shared = [name for name in moments[0] if name in moments[1] and name != "sticking point"]
    frames = [[of[name] for of in moments] for name in shared]
    ends = [float(rep["end_frame"] - 1) for rep in (best, worst)]
    if all(map(_goes_on, moments, ends)):
        shared, frames = [*shared, "end"], [*frames, ends]
    steps = [(shared[0], frames[0])]
    for (_, a), (name, b) in itertools.pairwise(zip(shared, frames, strict=True)):
        halfway = [(x + y) / 2 for x, y in zip(a, b, strict=True)]
        steps += [(f"half-way to {name}", halfway), (name, b)]
    return [{"name": name, "rows": [row_of(frame) for frame in at]} for name, at in steps]


def _goes_on(moments: dict[str, float], end: float) -> bool:
    """Whether the rep ends well after its last moment (a deadlift's way down)."""
    return end - max(moments.values()) > 5 * MIN_APART
