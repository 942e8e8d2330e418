"""JSON files of data sets, with errors that name file and key."""

import codecs
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.errors import UserError
from lib.files import why


def read_json(path: Path) -> Any:
    """Any JSON file. Raises UserError naming it if it cannot be read."""
    try:
        return orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: empty, cut off or no JSON ({error}); fetch it again") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read ({why(error)})") from error


def field(content: Any, path: Path, *keys: str) -> Any:
    """content[key1][key2]..., or a UserError naming the file and the missing key."""
    for i, key in enumerate(keys):
        if not isinstance(content, dict) or key not in content:
            raise UserError(f"{path}: has no key '{'.'.join(keys[: i + 1])}'")
        content = content[key]
    return content


def numbers(content: Any, path: Path, keys: tuple[str, ...], size: int) -> np.ndarray:
    """`size` finite numbers under a key, whatever brackets are around them. Raises UserError."""
    found = field(content, path, *keys)
    try:
        values = np.array(found, np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: '{'.'.join(keys)}' does not hold numbers ({error})") from error
    if values.size != size or not np.isfinite(values).all():
        raise UserError(
            f"{path}: '{'.'.join(keys)}' must hold {size} finite numbers, it has {values.size}"
        )
    return values
