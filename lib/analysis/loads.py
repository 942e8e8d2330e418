"""The weight on the bar, as the lifter says it."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from numbers import Real
from typing import Any

from lib.errors import UserError

STEP_DOWN = 4.0
"""From set to set nobody takes off more of the weight: choice. 100 to 25 kg is a drop, 102 and 5
are 102.5."""


def check_loads(loads_kg: Any) -> None:
    """Loads are a list of finite numbers, none below 0. Raises UserError."""
    if isinstance(loads_kg, Sequence) and all(map(_is_load, loads_kg)):
        return
    raise UserError(
        f"loads_kg {loads_kg!r}: must list finite numbers from 0, one for all sets or one a set"
    )


def _is_load(load: Any) -> bool:
    return isinstance(load, Real) and not isinstance(load, bool) and 0 <= float(load) < inf


def loads_of_sets(
    loads_kg: Sequence[float], num_sets: int
) -> tuple[list[float | None], list[dict]]:
    """The load of each set, and warnings (code, message).

    One load is that of every set. Another number than there are sets could belong to any of them,
    so then no set gets one.
    """
    if len(loads_kg) == 1:
        return [loads_kg[0]] * num_sets, []
    doubts = _decimal_comma(loads_kg)
    if len(loads_kg) == num_sets:
        return list(loads_kg), doubts
    none: list[float | None] = [None] * num_sets
    if not loads_kg:
        return none, []
    text = (
        f"{len(loads_kg)} loads ({_listed(loads_kg)} kg) were given for {num_sets} "
        f"set{'' if num_sets == 1 else 's'}, so no set has one; give one load for all, or one a "
        "set."
    )
    return none, [{"code": "loads_do_not_fit", "message": text}, *doubts]


def _decimal_comma(loads_kg: Sequence[float]) -> list[dict]:
    """A warning where two loads, the second far lighter, look like one with decimals."""
    for heavy, light in pairwise(loads_kg):
        if heavy > STEP_DOWN * light and heavy == int(heavy) and light == int(light):
            text = (
                f"The loads were read as {_listed(loads_kg)} kg; if a decimal comma was meant, "
                f"write {heavy:g}.{light:g}."
            )
            return [{"code": "decimal_comma", "message": text}]
    return []


def _listed(loads_kg: Sequence[float]) -> str:
    """'80, 90.5 and 100'; of at least two."""
    texts = [f"{load:g}" for load in loads_kg]
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
