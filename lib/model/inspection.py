"""Says what a file is that somebody holds for a checkpoint. Nothing in it is ever executed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
from torch import Tensor

from lib.errors import UserError
from lib.model.checkpoint import READABLE, is_ours, is_state, read_content, sha256
from lib.model.foreign import ForeignWeights, find_weights, infer_config, infer_head
from lib.model.looks import looks_of
from lib.model.packing import is_packed, unpacked

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
_SHOWN = ("dim_feat", "dim_rep", "depth", "num_heads", "mlp_ratio", "maxlen", "att_fuse")
_LIFTER_SCORE, _CLASSIFIER_SCORE = "min_loss", "best_acc"
_FEW = 8


@dataclass(frozen=True)
class Finding:
    """What was found out about a file."""

    title: str
    is_checkpoint: bool
    """Whether it holds weights that this project can read."""
    facts: dict[str, str] = field(default_factory=dict)
    """Further lines, name and text."""


def count_parameters(state: dict[str, Tensor]) -> int:
    """Trained numbers in a state dict; running statistics are not trained."""
    return sum(v.numel() for k, v in state.items() if k.rsplit(".", 1)[-1] not in _BUFFERS)


def _precision(state: dict[str, Tensor]) -> str:
    return ", ".join(sorted({str(v.dtype).removeprefix("torch.") for v in state.values()}))


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _FEW} more" if len(listed) > _FEW else ""
    return ", ".join(listed[:_FEW]) + more


def _number(value: object) -> str:
    """A score of whatever type: number, numpy number, tensor of one."""
    if isinstance(value, Tensor):
        value = value.item() if value.numel() == 1 else tuple(value.shape)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _filled(facts: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in facts.items() if text}


def _sizes(model: object) -> str:
    get = model.get if isinstance(model, dict) else lambda name: getattr(model, name, None)
    shown = [f"{name} {get(name)}" for name in _SHOWN if get(name) is not None]
    stream = get("pose_stream")
    if stream:
        sizes = stream if isinstance(stream, dict) else vars(stream)
        parts = (f"{name} {sizes[name]}" for name in ("count", "dim", "depth") if name in sizes)
        shown.append(f"pose_stream ({', '.join(parts)})")
    return ", ".join(shown)


def _clips(config: dict) -> str:
    clip = config.get("data", {})
    step = f", every {clip['frame_step']}. fed" if clip.get("frame_step", 1) != 1 else ""
    return f"{clip.get('clip_len')} frames at {_number(clip.get('fps'))} a second{step}"


def _use(extra: dict, is_small: bool) -> str:
    if "optimizer" in extra:
        return "can be resumed: holds " + _few(extra)
    if is_small:
        return "shipped: weights made small, and config; cannot be resumed"
    return "weights and config; cannot be resumed (a run's latest.pt can)"


def _best(content: dict, path: Path) -> str | None:
    extra = content.get("extra") or {}
    if "best" not in extra:
        return _scores_of(path)
    best = -extra["best"] if content["kind"] == "action" else extra["best"]  # kept: lower is better
    return _number(best) if math.isfinite(best) else None


def _scores_of(path: Path) -> str | None:
    """Where a checkpoint's scores are: a run's scores.json is about its last weights, which best.pt
    need not be."""
    for scores in (path.with_name(f"{path.stem}_scores.json"), path.with_name("scores.json")):
        try:
            content = orjson.loads(scores.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            continue
        about = content.get("checkpoint") if isinstance(content, dict) else None
        if isinstance(about, dict) and about.get("sha256") == sha256(path):
            return f"see {scores}"
    return None


def _ours(content: dict, path: Path) -> Finding:
    state, config = content.get("model"), content.get("config")
    if content["format"] not in READABLE or not is_state(state) or not isinstance(config, dict):
        known = " and ".join(map(str, READABLE))
        title = f"checkpoint of this project, format {content['format']}; {known} can be read"
        return Finding(title, False)
    try:
        num = count_parameters(unpacked(state))
    except ValueError as error:
        return Finding(f"checkpoint of this project, damaged: {error}", False)
    use = _use(content.get("extra") or {}, is_packed(state))
    facts = {
        "kind": str(content["kind"]), "format": str(content["format"]),
        "model": _sizes(config.get("model", {})), "clips": _clips(config),
        "classes": ", ".join(config.get("classes", [])),
        "trained": f"{content.get('epoch')} epochs, {content.get('step')} steps",
        "best score": _best(content, path), "parameters": f"{num:,}",
        "precision": _precision(state), "use": use,
    }  # fmt: skip
    kind = {"lifting": "lifter", "action": "classifier"}.get(content["kind"], "checkpoint")
    return Finding(f"{kind} of this project", True, _filled(facts))


def _likely(found: ForeignWeights) -> str:
    kind = "classifier" if found.kind == "action" else "lifter"
    if _LIFTER_SCORE in found.others or _CLASSIFIER_SCORE in found.others:
        return f"{kind} as MotionBERT's and the first PerfectRep's scripts save it"
    return f"{kind} with MotionBERT's parameter names"


def _foreign(content: object, path: Path) -> Finding:
    found = find_weights(content, path)
    inner = content if isinstance(content, dict) else {}
    facts = {
        "weights": f"under '{found.place}'" if found.place else "at the file's top",
        "prefix": "module. (DataParallel)" if found.is_prefixed else "none",
        "beside": _few(found.others),
        "parameters": f"{count_parameters(found.state):,}", "precision": _precision(found.state),
        "trained": f"{_number(inner['epoch'])} epochs" if "epoch" in found.others else "",
        "best score": next(
            (f"{name} {_number(inner[name])}" for name in (_LIFTER_SCORE, _CLASSIFIER_SCORE)
             if name in found.others), "",
        ),
    }  # fmt: skip
    try:
        config = infer_config(found.state, path)
        facts["model"] = _sizes(config)
        facts["heads"] = f"{config.num_heads} is assumed: it leaves no trace in the weights"
        if found.kind == "action":
            head = infer_head(found.state, path)
            facts["head"] = f"num_classes {head.num_classes}, hidden_dim {head.hidden_dim}"
    except UserError:
        facts["names"] = _few(found.state)
        return Finding("weights of another network, not a DSTformer", False, _filled(facts))
    facts["use"] = "training starts from it with -p"
    return Finding(_likely(found), True, _filled(facts))


def _of_content(content: object, path: Path) -> Finding:
    if is_ours(content):
        return _ours(content, path)
    try:
        return _foreign(content, path)
    except UserError:
        keys = f": {_few(str(key) for key in content)}" if isinstance(content, dict) else ""
        return Finding(f"torch file without weights ({type(content).__name__}{keys})", False)


def inspect_file(path: str | Path) -> Finding:
    """Find out what a file is, from its bytes alone. Raises UserError if it cannot be read."""
    path = Path(path)
    looks = looks_of(path)
    finding = Finding(looks.text, False)
    if looks.is_maybe_torch:
        try:
            finding = _of_content(read_content(path), path)
        except UserError:
            facts = {"asks for": _few(looks.classes)} if looks.classes else {}
            finding = Finding(looks.text, False, facts)
    size = {"size": f"{path.stat().st_size:,} bytes", "sha256": sha256(path)}
    return replace(finding, facts=finding.facts | size)
