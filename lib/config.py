"""YAML -> frozen dataclasses. A mistake is named with file, dotted key, value and what would do.

A config class is decorated with `@configclass`: frozen, unknown keys refused, values checked by
pydantic. A file, or any mapping in it, may start from another file with `base: other.yaml`
(relative to itself); later keys win, mappings merge. `key.sub=value` overrides come last, read as
YAML.
"""

import dataclasses
import difflib
import hashlib
import json
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

from lib.errors import UserError

T = TypeVar("T")


@typing.dataclass_transform(frozen_default=True)
def configclass(cls: type[T]) -> type[T]:
    """Frozen dataclass that refuses unknown keys, values of the wrong type, .nan and .inf."""
    strict = ConfigDict(extra="forbid", allow_inf_nan=False)
    return pydantic_dataclass(frozen=True, config=strict)(cls)  # type: ignore


def check_range(config: Any, low: float, high: float, *names: str, is_open: bool = False) -> None:
    """For __post_init__: every named field lies from low to high, is_open: not at low itself.

    A pair of numbers must be in order as well. Raises ValueError naming the field.
    """
    for name in names:
        value = getattr(config, name)
        values = value if isinstance(value, tuple) else (value,)
        inside = all((low < v if is_open else low <= v) and v <= high for v in values)
        if not inside or list(values) != sorted(values):
            least = f"above {low:g}" if is_open else f"at least {low:g}"
            most = "" if high == float("inf") else f" and at most {high:g}"
            order = ", the smaller one first" if len(values) > 1 else ""
            raise ValueError(f"{name} must be {least}{most}{order}, not {value}")


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice instead of keeping the last in silence."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except UserError:
            raise
        except (ValueError, TypeError, AttributeError) as error:  # 2026-13-45; {[1]: 2}
            line = node.start_mark.line + 1
            raise UserError(f"line {line}: {error}; put text in quotes") from error


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for i, key in enumerate(keys):
        if key in keys[:i]:
            line = node.value[i][0].start_mark.line + 1
            raise UserError(f"line {line}: key '{key}' is given twice; remove one")
    return {
        k: loader.construct_object(v, deep=True) for k, (_, v) in zip(keys, node.value, strict=True)
    }


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _parse(text: str, where: str) -> Any:
    try:
        return yaml.load(text, _UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise UserError(f"{where}: brackets in brackets without end; close them") from error


def _merge(base: dict, top: dict) -> dict:
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def read_yaml(path: str | Path, _seen: tuple[Path, ...] = ()) -> dict:
    """A YAML mapping with its `base:` files merged in. Raises UserError."""
    path = Path(path)
    try:
        text, whole = path.read_text(encoding="utf-8"), path.resolve()
    except (OSError, ValueError) as error:  # no text, or no path
        asked = f", the base of {_seen[-1]}" if _seen else ""
        raise UserError(
            f"{path}: cannot read config ({getattr(error, 'strerror', error)}){asked}"
        ) from error
    if whole in _seen:
        raise UserError(f"{path}: 'base' goes round in a circle")
    content = _parse(text, str(path))
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected 'key: value' lines, got {type(content).__name__}")
    return _with_bases(content, path, (*_seen, whole))


def _with_bases(content: dict, path: Path, seen: tuple[Path, ...]) -> dict:
    """Resolve `base:` in a mapping and in the mappings inside it, those in lists too."""

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(each) for each in value]
        return _with_bases(value, path, seen) if isinstance(value, dict) else value

    own = {key: resolved(value) for key, value in content.items() if key != "base"}
    base = content.get("base")
    return own if base is None else _merge(read_yaml(path.parent / str(base), seen), own)


def content_sha256(path: str | Path) -> str:
    """Hash of what a file says, `base:` files included; comments and the order of keys are no part
    of it. Raises UserError."""
    return hashlib.sha256(json.dumps(read_yaml(path), sort_keys=True).encode()).hexdigest()


def _nested(override: str) -> dict:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise UserError(f"override '{override}': write key.sub=value")
    nested: Any = _parse(value, f"override '{override}'")
    for part in reversed(key.split(".")):
        nested = {part: nested}
    return nested


def _field_names(cls: Any, path: Sequence[str]) -> list[str]:
    """Keys that a config class accepts at a dotted path."""
    for part in path:
        if dataclasses.is_dataclass(cls):
            hint = typing.get_type_hints(cls).get(part)
        else:  # place in a list or key of a dict: what they hold comes last
            hint = (typing.get_args(cls) or (None,))[-1]
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        cls = next((o for o in options if o is not type(None)), None)
    return [f.name for f in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []


def _explain(cls: type, error: Any) -> str:
    location = [str(part) for part in error["loc"]]
    where = ".".join(location) or "(top level)"
    if error["type"] == "unexpected_keyword_argument":
        names = _field_names(cls, location[:-1])
        close = difflib.get_close_matches(location[-1], names, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names)}"
        return f"{where}: unknown key; {hint}"
    if error["type"] in ("missing", "missing_argument"):
        return f"{where}: missing"
    text = f"{where}: {error['msg'].removeprefix('Value error, ')}"
    # At the top level that would be the whole config.
    return f"{text} (got {error['input']!r})" if location else text


def build(cls: type[T], content: dict, where: str) -> T:
    """Validate a mapping into a config class. Raises UserError with every problem in one line."""
    try:
        return TypeAdapter(cls).validate_python(content)
    except ValidationError as invalid:
        raise UserError(
            f"{where}: " + "; ".join(_explain(cls, e) for e in invalid.errors())
        ) from invalid


def load_config(cls: type[T], path: str | Path, overrides: Sequence[str] = ()) -> T:
    """Read, merge, override and validate a config file. Raises UserError."""
    content = read_yaml(path)
    for override in overrides:
        given = _with_bases(_nested(override), Path("here"), ())
        content = _merge(content, given)
    where = str(path) if not overrides else f"{path} with {' '.join(overrides)}"
    return build(cls, content, where)


def to_dict(config: Any) -> dict:
    """A config as plain containers, for YAML files and checkpoints."""
    return TypeAdapter(type(config)).dump_python(config, mode="json")


def to_yaml(config: Any) -> str:
    """A config as YAML text."""
    return yaml.safe_dump(to_dict(config), sort_keys=False)


def changes(then: Any, now: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """Of two configs as plain containers: dotted key -> its value in each, where they differ.

    Keys that there were none of then are left out: they are of a later version. None: not there.
    """
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        then, now = dict(enumerate(then)), dict(enumerate(now))
    if not (isinstance(then, dict) and isinstance(now, dict)):
        return {} if then == now else {key: (then, now)}
    found: dict[str, tuple[Any, Any]] = {}
    for name, value in then.items():
        at = f"{key}.{name}".lstrip(".")
        found |= changes(value, now[name], at) if name in now else {at: (value, None)}
    return found
