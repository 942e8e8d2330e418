"""What `-p FILE` starts a run from: a checkpoint of this project or MotionBERT's weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from lib.data.targets import TargetName, target_name
from lib.errors import UserError
from lib.model.checkpoint import Checkpoint, checkpoint_of, is_ours, load_weights, read_content
from lib.model.dstformer import DSTformerConfig
from lib.model.foreign import check_sizes, find_weights
from lib.model.pose_stream import gives_output, number_of_stream

_GIVES: dict[TargetName, str] = {"metres": "metres", "image": "picture-aligned coordinates"}
_ANEW = (
    "{path}: its lifting head predicts {theirs}, not {ours}, and starts anew (reset_head=false "
    "keeps it)"
)
_KEPT = (
    "{path}: its lifting head is kept, as reset_head=false asks: it predicts {theirs}, not {ours}, "
    "so expect large errors at first"
)
_ORDER = "{path}: does not name its classes; taken to be, in this order: {classes}"
_HEADS = "{path}: the number of heads is not in the weights; model.num_heads = {heads} is taken"


@dataclass(frozen=True)
class _Source:
    kind: str
    state: dict[str, Tensor]
    ours: Checkpoint | None
    """None for a foreign file."""
    target: TargetName = "image"
    """What a lifter predicts; MotionBERT's do not name it."""


def _read(path: str) -> _Source:
    content = read_content(Path(path))
    if is_ours(content):
        saved = checkpoint_of(content, path)
        return _Source(saved.kind, saved.weights, saved, target_name(saved.config, path))
    foreign = find_weights(content, path)
    return _Source(foreign.kind, foreign.state, None)


def _own_head(task: Any, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state with the task's freshly initialised head in place of its own."""
    own = {k: v for k, v in task.model.state_dict().items() if gives_output(k)}
    return {k: v for k, v in state.items() if not gives_output(k)} | own


def _first_streams(state: dict[str, Tensor], model: DSTformerConfig) -> dict[str, Tensor]:
    """The state with the first pose streams alone, as many as the model has: a classifier may do
    with fewer than the lifter that it starts from."""
    num = model.pose_stream.count if model.pose_stream is not None else 1
    return {name: v for name, v in state.items() if number_of_stream(name) < num}


def _check_ours(task: Any, saved: Checkpoint, path: str) -> None:
    """What shapes do not show: the heads and, where its head is kept, a classifier's classes."""
    heads = saved.config.get("model", {}).get("num_heads", task.config.model.num_heads)
    if heads != task.config.model.num_heads:
        raise UserError(
            f"{path}: model.num_heads {heads} (the config has {task.config.model.num_heads}); set "
            f"model.num_heads={heads}"
        )
    is_kept = saved.kind == task.kind == "action" and not task.config.reset_head
    if is_kept and list(saved.config["classes"]) != list(task.config.classes):
        raise UserError(
            f"{path}: knows {', '.join(saved.config['classes'])}, the config "
            f"{', '.join(task.config.classes)}; set classes alike or reset_head=true"
        )


def _lifter_into_lifter(task: Any, source: _Source, path: str) -> tuple[dict, list[str]]:
    ours, reset = task.config.target, task.config.reset_head
    is_anew = source.target != ours if reset is None else reset
    check_sizes(source.state, task.config.model, path, has_head=not is_anew)
    if not is_anew:
        _check_skip(task, source, path)
        _check_alone(task, source.state, path)
    remarks = []
    if source.target != ours:
        text = _ANEW if is_anew else _KEPT
        remarks.append(text.format(path=path, theirs=_GIVES[source.target], ours=_GIVES[ours]))
    return _own_head(task, source.state) if is_anew else source.state, remarks


def _check_skip(task: Any, source: _Source, path: str) -> None:
    """A head that is kept was trained with the input added to it, or without."""
    model = source.ours.config.get("model", {}) if source.ours is not None else {}
    theirs, ours = model.get("input_skip", False), task.config.model.input_skip
    if theirs != ours:
        raise UserError(
            f"{path}: model.input_skip {str(theirs).lower()} (the config has {str(ours).lower()}); "
            f"set model.input_skip={str(theirs).lower()} or reset_head=true"
        )


def _check_alone(task: Any, state: dict[str, Tensor], path: str) -> None:
    """A pose stream that is trained alone has no joint tokens beside it that were trained."""
    if task.config.stream_alone and any(state[f"head.{name}"].any() for name in ("weight", "bias")):
        raise UserError(
            f"{path}: stream_alone would leave out its trained joint tokens; set it to false or "
            "reset_head=true"
        )


def _classifier_into_classifier(task: Any, source: _Source, path: str) -> tuple[dict, list[str]]:
    config = task.config
    is_anew, remarks = bool(config.reset_head), []
    check_sizes(source.state, config.model, path, head=None if is_anew else config.head)
    if source.ours is None and not is_anew:
        remarks.append(_ORDER.format(path=path, classes=", ".join(config.classes)))
    return _own_head(task, source.state) if is_anew else source.state, remarks


def start_from(task: Any, path: str) -> list[str]:
    """Copy a file's weights into the task's model; returns what its user should know, a line each.

    A lifter's weights start a lifter or become a classifier's backbone; a classifier's start a
    classifier. Raises UserError if the file is neither or does not fit, before anything is copied.
    """
    source = _read(path)
    if source.ours is not None:
        _check_ours(task, source.ours, path)
    if source.kind != "lifting" and task.kind == "lifting":
        raise UserError(
            f"{path}: a checkpoint of kind '{source.kind}'; -p takes a lifter's weights"
        )
    if task.kind == "lifting":
        state, remarks = _lifter_into_lifter(task, source, path)
    elif source.kind == "lifting":
        backbone = _first_streams(source.state, task.config.model)
        check_sizes(backbone, task.config.model, path)
        state = _own_head(task, {f"backbone.{name}": v for name, v in backbone.items()})
        remarks = []
    else:
        state, remarks = _classifier_into_classifier(task, source, path)
    load_weights(task.model, state, path)
    if source.ours is None:
        remarks.append(_HEADS.format(path=path, heads=task.config.model.num_heads))
    return remarks
