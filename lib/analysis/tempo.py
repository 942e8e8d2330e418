"""When each part of a repetition happens: events, tempo and the contiguous cut."""

import itertools
from collections.abc import Sequence

from lib.analysis.cycles import Move
from lib.analysis.records import Rep, RepCount
from lib.analysis.scene import Scene
from lib.analysis.timed import knee_pass_and_sticking


def _frame(count: RepCount, i_sample: int | None) -> float | None:
    return None if i_sample is None else count.track.to_source(i_sample)


def _seconds(count: RepCount, start: int | None, end: int | None) -> float | None:
    if start is None or end is None:
        return None
    return max(0, end - start) / count.track.fps


def _neighbours(count: RepCount, rep: Rep) -> tuple[Rep | None, Rep | None]:
    """The reps before and after within the set."""
    row = next(s for s in count.sets if s[0].set_index == rep.set_index)
    i_rep = row.index(rep)
    return (
        row[i_rep - 1] if i_rep else None,
        row[i_rep + 1] if i_rep + 1 < len(row) else None,
    )


def _turn(count: RepCount, rep: Rep) -> tuple[int | None, int | None]:
    """Samples between which the loaded position is held."""
    first, second = rep.cycle.first, rep.cycle.second
    if first.is_loading:
        return first.end, second.start if second else None
    before, _ = _neighbours(count, rep)
    way_down: Move | None = before.cycle.loading if before else None
    return way_down.end if way_down else None, first.start


def _top_pause(count: RepCount, rep: Rep) -> float | None:
    """Seconds held at the unloaded position after the lift."""
    lift, way_down = rep.cycle.unloading, rep.cycle.loading
    if lift is None:
        return None
    if lift is rep.cycle.first:
        return _seconds(count, lift.end, way_down.start if way_down else None)
    _, after = _neighbours(count, rep)
    return _seconds(count, lift.end, after.cycle.start if after else None)


def events_of(count: RepCount, rep: Rep, scene: Scene) -> dict[str, float | None]:
    """The schema's `events`, source frames."""
    i_knee_pass, i_sticking = knee_pass_and_sticking(scene, rep.cycle)
    lift, way_down = rep.cycle.unloading, rep.cycle.loading
    turn_start, turn_end = _turn(count, rep)
    return {
        "ecc_start": _frame(count, way_down.start if way_down else None),
        "turn_start": _frame(count, turn_start),
        "turn_end": _frame(count, turn_end),
        "con_start": _frame(count, lift.start if lift else None),
        "v_peak": _frame(count, lift.i_fastest if lift else None),
        "sticking": _frame(count, i_sticking),
        "lockout": _frame(count, lift.end if lift else None),
        "knee_pass": _frame(count, i_knee_pass),
    }


def tempo_of(count: RepCount, rep: Rep) -> dict[str, float | None]:
    """Seconds down, held at the loaded position, up, held at the unloaded position (TV-01)."""
    lift, way_down = rep.cycle.unloading, rep.cycle.loading
    return {
        "eccentric_s": _seconds(count, way_down.start, way_down.end) if way_down else None,
        "pause_bottom_s": _seconds(count, *_turn(count, rep)),
        "concentric_s": _seconds(count, lift.start, lift.end) if lift else None,
        "pause_top_s": _top_pause(count, rep),
    }


def cycle_cuts(reps: Sequence[Rep]) -> list[tuple[int, int]]:
    """Contiguous frame ranges of one set: a pause between reps is shared at its middle."""
    middles = [(a.end_frame + b.start_frame) // 2 for a, b in itertools.pairwise(reps)]
    marks = [reps[0].start_frame, *middles, reps[-1].end_frame] if reps else []
    return list(itertools.pairwise(marks))
