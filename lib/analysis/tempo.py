"""When each part of a repetition happens: events, tempo and the contiguous cut."""

import itertools
from collections.abc import Sequence

import numpy as np

from lib.analysis.move import Move
from lib.analysis.records import Rep, RepCount
from lib.analysis.scene import Scene
from lib.analysis.timed import knee_pass_and_sticking

SHAPE_SHARE = 0.04
"""Of a movement's time: RMS error of its beginning over five shapes, from an even speed to least
jerk, without noise (choice)."""


def _frame(count: RepCount, i_sample: int | None) -> float | None:
    return None if i_sample is None else count.track.to_source(i_sample)


def _turn_moves(count: RepCount, rep: Rep) -> tuple[Move | None, Move | None]:
    """Those between which the loaded position is held."""
    first, second = rep.cycle.first, rep.cycle.second
    if first.is_loading:
        return first, second
    before, _ = count.neighbours[rep.index]
    return (before.cycle.loading if before else None), first


def _top_moves(count: RepCount, rep: Rep) -> tuple[Move | None, Move | None]:
    """Those between which the unloaded position is held after the lift."""
    lift = rep.cycle.unloading
    if lift is not None and lift is rep.cycle.first:
        return lift, rep.cycle.loading
    _, after = count.neighbours[rep.index]
    return lift, after.cycle.first if after else None


def events_of(count: RepCount, rep: Rep, scene: Scene) -> dict[str, float | None]:
    """The schema's `events`, source frames."""
    i_knee_pass, i_sticking = knee_pass_and_sticking(scene, rep.cycle)
    lift, way_down = rep.cycle.unloading, rep.cycle.loading
    before, after = _turn_moves(count, rep)
    return {
        "ecc_start": _frame(count, way_down.start if way_down else None),
        "turn_start": _frame(count, before.end if before else None),
        "turn_end": _frame(count, after.i_left if after else None),
        "con_start": _frame(count, lift.start if lift else None),
        "v_peak": _frame(count, lift.i_fastest if lift else None),
        "sticking": _frame(count, i_sticking),
        "lockout": _frame(count, lift.end if lift else None),
        "knee_pass": _frame(count, i_knee_pass),
    }


def boundary_sigma_s(count: RepCount, move: Move) -> float:
    """Standard deviation of the beginning and of the end of a move, seconds.

    A movement of least jerk takes (share / 10)^(1/3) of its time for its first share (Flash and
    Hogan 1985): so long it is hidden in the drive's noise. How suddenly people start and stop is
    not known to SHAPE_SHARE. And half a sample each way.
    """
    fps, noise_deg = count.track.fps, count.drive.noise_deg if count.drive else 0.0
    hidden = np.cbrt(noise_deg / max(move.excursion_deg, noise_deg, 1e-9) / 10)
    unsure = (move.end - move.start) * np.hypot(hidden, SHAPE_SHARE)
    return float(np.hypot(unsure, 1 / np.sqrt(12)) / fps)


def tempo_of(count: RepCount, rep: Rep) -> dict[str, float | None]:
    """Seconds down, held at the loaded position, up, held at the unloaded position (TV-01), each
    with its sigma: that of the two boundaries between which it lasts. None where another movement
    lies between these."""
    lift, way_down = rep.cycle.unloading, rep.cycle.loading
    part_of = {"eccentric": (way_down, way_down), "pause_bottom": _turn_moves(count, rep),
               "concentric": (lift, lift), "pause_top": _top_moves(count, rep)}  # fmt: skip
    tempo: dict[str, float | None] = {}
    for part, (one, other) in part_of.items():
        tempo |= {f"{part}_s": None, f"{part}_sigma_s": None}
        if one is None or other is None:
            continue
        ends = (one.start, one.end) if one is other else (one.end, other.i_left)
        from_s, to_s = count.track.time_s[list(ends)]
        tempo[f"{part}_s"] = max(0.0, float(to_s - from_s))
        sigmas = [boundary_sigma_s(count, move) for move in (one, other)]
        tempo[f"{part}_sigma_s"] = float(np.hypot(*sigmas))
    return tempo


def cycle_cuts(reps: Sequence[Rep]) -> list[tuple[int, int]]:
    """Contiguous frame ranges of one set: a pause between reps is shared at its middle."""
    middles = [(a.end_frame + b.start_frame) // 2 for a, b in itertools.pairwise(reps)]
    marks = [reps[0].start_frame, *middles, reps[-1].end_frame] if reps else []
    return list(itertools.pairwise(marks))
