"""The cases of the suite: what happens in a recording, drawn for one lifter. Ids R.. are the
specification's."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.lift_suite.camera import Flaws
from benchmarks.lift_suite.rhythm import Plan

LEFT_SIDE = ("lhip", "lknee", "lankle", "lshoulder", "lelbow", "lwrist")
RIGHT_SIDE = tuple("r" + name[1:] for name in LEFT_SIDE)
LATE_DEG = (36.0, 48.0)
"""Bend of the driving joint left at a missed lockout,"""
MOST_LEFT = 0.33
"""but no more than this share of the repetition's depth: beyond 0.4 it is a failed attempt."""


NO_FLAWS = Flaws()  # those of every lifted pose


@dataclass(frozen=True)
class Scene:
    """What happens."""

    plans: tuple[Plan, ...] = ()
    activity: str = "lift"
    """lift, still (the lift's own hold), stand, arms_up, walk or flail."""
    seconds: float = 10.0
    """Of an activity that is no lift."""
    is_walked_into: bool = False
    """Walks in and out, with all that getting into and out of the lift takes."""
    late: tuple[int, ...] = ()
    """Repetitions that miss the lockout."""
    flaws: Flaws = NO_FLAWS
    is_from_behind: bool = False


def draw_plan(rng: np.random.Generator, starts_loaded: bool, touches: bool = False) -> Plan:
    """An ordinary repetition."""
    rest = rng.uniform(0.2, 1.2)
    if starts_loaded:
        rest = rng.uniform(0.0, 0.1) if touches else rng.uniform(0.5, 1.8)
    first, second = rng.uniform(0.9, 1.8), rng.uniform(0.7, 1.4)
    if starts_loaded:
        first, second = rng.uniform(0.8, 1.7), rng.uniform(0.7, 1.5)
    skew = tuple(rng.uniform(0.85, 1.2, 2).tolist())
    return Plan(first, rng.uniform(0.05, 0.4), second, rest, rng.uniform(0.95, 1.0), skew=skew)


def _plans(rng: np.random.Generator, num: int, loaded: bool) -> tuple[Plan, ...]:
    touches = bool(rng.random() < 0.5)
    return tuple(draw_plan(rng, loaded, touches) for _ in range(num))


def _few(rng: np.random.Generator) -> int:
    return int(rng.integers(4, 9))


def _changed(rng, loaded, num: int | None = None, **changes) -> Scene:
    plans = _plans(rng, num or _few(rng), loaded)
    return Scene(tuple(replace(p, **{k: draw(rng) for k, draw in changes.items()}) for p in plans))


def _lognormal(mean_s: float, variation: float) -> Callable[[np.random.Generator], float]:
    sigma = np.sqrt(np.log(1 + variation**2))
    return lambda rng: float(np.clip(mean_s * rng.lognormal(-(sigma**2) / 2, sigma), 0.4, 4.0))


def still(rng, loaded) -> Scene:
    """R01: nothing is lifted, at up to twice the noise."""
    kind = ("still", "still", "stand", "arms_up")[rng.integers(4)]
    return Scene(activity=kind, flaws=Flaws(noise=float(rng.choice([1.0, 2.0]))))


def walking(rng, loaded) -> Scene:
    """R02."""
    return Scene(activity="walk", seconds=12.0)


def flailing(rng, loaded) -> Scene:
    """R02: arms, trunk and knees move at random for 30 s."""
    return Scene(activity="flail", seconds=30.0)


def walk_in_out(rng, loaded) -> Scene:
    """R07."""
    return Scene(_plans(rng, 5, loaded), is_walked_into=True)


def uneven_tempo(rng, loaded) -> Scene:
    """R08: durations vary by 45 %."""
    return _changed(rng, loaded, first_s=_lognormal(1.2, 0.45), second_s=_lognormal(1.0, 0.45),
                    rest_s=_lognormal(0.8, 0.45))  # fmt: skip


def slow_eccentric(rng, loaded) -> Scene:
    """R08: five seconds down."""
    slow = "second_s" if loaded else "first_s"
    return _changed(rng, loaded, int(rng.integers(3, 6)),
                    **{slow: lambda rng: rng.uniform(4.5, 5.5)})  # fmt: skip


def touch_and_go(rng, loaded) -> Scene:
    """R08: 0.45 s each way without a rest."""
    fast = dict.fromkeys(("first_s", "second_s"), lambda _: 0.45)
    still_s = dict.fromkeys(("hold_s", "rest_s"), lambda rng: rng.uniform(0.0, 0.08))
    return _changed(rng, loaded, int(rng.integers(6, 11)), **fast, **still_s)


def rests(rng, loaded) -> Scene:
    """R09: 5 to 8 s between repetitions."""
    return _changed(rng, loaded, 5, rest_s=lambda rng: rng.uniform(5, 8))


def bottom_pause(rng, loaded) -> Scene:
    """R09: 3 s in the loaded position (in the deadlift: at lockout)."""
    return _changed(rng, loaded, 5, hold_s=lambda _: 3.0)


def partials(rng, loaded) -> Scene:
    """R10: two of six go to 55 and 50 % only."""
    plans = list(_plans(rng, 6, loaded))
    for i, depth in zip(rng.choice(np.arange(1, 6), 2, replace=False), (0.55, 0.50), strict=True):
        plans[i] = replace(plans[i], depth=depth)
    return Scene(tuple(plans))


def missed_lockout(rng, loaded) -> Scene:
    """R10: one or two stop short of straight."""
    late = rng.choice(5, rng.integers(1, 3), replace=False).tolist()
    return Scene(_plans(rng, 5, loaded), late=tuple(late))


def bounce_or_failure(rng, loaded) -> Scene:
    """R11: one repetition rebounds and sinks, or one first attempt stops half way and returns."""
    plans = list(_plans(rng, 4, loaded))
    i_odd = int(rng.integers(1, 4))
    odd = {"bounce": 0.2} if rng.random() < 0.5 else {"fails_at": 0.5}
    plans[i_odd] = replace(plans[i_odd], **odd)
    return Scene(tuple(plans))


def gaps(rng, loaded) -> Scene:
    """R12: a tenth of all joints missing, and everything for one second."""
    return Scene(_plans(rng, 5, loaded), flaws=Flaws(missing_share=0.1, gap_s=1.0))


def side_missing(rng, loaded) -> Scene:
    """R12: one ankle or one whole side is never seen."""
    unseen = (("lankle",), ("rankle",), LEFT_SIDE, RIGHT_SIDE)[rng.integers(4)]
    return Scene(_plans(rng, 5, loaded), flaws=Flaws(never_seen=unseen))


def behind_swapped(rng, loaded) -> Scene:
    """R15: from behind, with left and right exchanged."""
    return Scene(_plans(rng, 5, loaded), flaws=Flaws(is_swapped=True), is_from_behind=True)


def ten_minutes(rng, loaded) -> Scene:
    """R16: six sets of eight."""
    plans = _plans(rng, 48, loaded)
    return Scene(tuple(replace(p, rest_s=float(rng.uniform(70, 80))) if i % 8 == 7 and i < 47 else p
                       for i, p in enumerate(plans)))  # fmt: skip


def _exactly(num: int) -> Callable:
    def case(rng, loaded) -> Scene:
        return Scene(_plans(rng, num, loaded))

    case.__doc__ = f"R03 to R06: {num} ordinary repetitions."
    return case


CASES: dict[str, Callable[[np.random.Generator, bool], Scene]] = {
    "still": still, "walking": walking, "one": _exactly(1), "two": _exactly(2),
    "five": _exactly(5), "twenty": _exactly(20), "walk_in_out": walk_in_out,
    "uneven_tempo": uneven_tempo, "slow_eccentric": slow_eccentric, "touch_and_go": touch_and_go,
    "rests": rests, "bottom_pause": bottom_pause, "partials": partials,
    "missed_lockout": missed_lockout, "bounce_or_failure": bounce_or_failure, "gaps": gaps,
    "side_missing": side_missing, "behind_swapped": behind_swapped,
}  # fmt: skip
"""The 18 of the protocol."""
MORE_CASES = {"flailing": flailing, "ten_minutes": ten_minutes}
