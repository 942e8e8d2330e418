"""Names in a setting that what it is for does not have."""

import difflib
from collections.abc import Iterable

from lib.errors import UserError

_MAX_NAMED = 8


def refuse_absent(where: str, key: str, names: Iterable[str], there: set[str]) -> None:
    """Raises UserError for the first name that is not there: file, setting and the nearest."""
    for name in names:
        if name not in there:
            raise UserError(
                f"{where}: {key}: no sequence has '{name}'; {_nearest(name, there)}; correct it "
                "or leave it out"
            )


def _nearest(name: str, there: set[str]) -> str:
    """What a message says of a name that is not there: those like it, else the first that are."""
    close = difflib.get_close_matches(name, there)
    if close:
        return f"nearest: {', '.join(close)}"
    names = sorted(there - {""})
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"there is {', '.join(names[:_MAX_NAMED]) or 'none'}{more}"
