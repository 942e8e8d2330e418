"""The weight on the bar, as the lifter says it."""

from collections.abc import Sequence


def loads_of_sets(
    loads_kg: Sequence[float], num_sets: int
) -> tuple[list[float | None], list[dict]]:
    """The load of each set, and warnings (code, message).

    One load is that of every set. Another number than there are sets could belong to any of them,
    so then no set gets one.
    """
    if len(loads_kg) == 1:
        return [loads_kg[0]] * num_sets, []
    if len(loads_kg) == num_sets:
        return list(loads_kg), []
    none: list[float | None] = [None] * num_sets
    if not loads_kg:
        return none, []
    text = (
        f"{len(loads_kg)} loads were given for {num_sets} set{'' if num_sets == 1 else 's'}, so no "
        "set has one; give one load for all, or one a set."
    )
    return none, [{"code": "loads_do_not_fit", "message": text}]
