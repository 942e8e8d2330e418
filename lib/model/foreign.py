"""Weights of MotionBERT and of the first PerfectRep: where they are in a file, what size they are.

Both save a dict with the weights under 'model_pos' (lifters) or 'model' (classifiers), beside the
optimiser and numpy numbers; others pass the bare weights on. DataParallel puts `module.` in front
of every name.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

from torch import Tensor

from lib.config import build, to_dict
from lib.errors import UserError
from lib.model.action import ActionConfig
from lib.model.checkpoint import (
    Checkpoint,
    checkpoint_of,
    is_ours,
    is_state,
    read_content,
    strip_module,
)
from lib.model.dstformer import DSTformerConfig
from lib.model.losses import REFERENCE_FPS

PLACES = ("model_pos", "model", "state_dict", "")
"""Keys that weights are looked for under; '' is the file's own top level."""

USUAL_HEADS = 8
"""Heads of all published sizes: how many there are leaves no trace in the weights."""

_BACKBONE = "backbone."
_SIZES = {
    "dim_feat": ("pos_embed", 2), "num_joints": ("pos_embed", 1), "maxlen": ("temp_embed", 1),
    "dim_in": ("joints_embed.weight", 1), "dim_rep": ("pre_logits.fc.weight", 0),
    "dim_out": ("head.weight", 0),
}  # fmt: skip
"""Size -> name of the parameter that shows it, and which of its dimensions."""
_HIDDEN = ("blocks_st.0.mlp_s.fc1.weight", 0)
_HEAD_SIZES = {"hidden_dim": ("head.fc1.weight", 0), "num_classes": ("head.fc2.weight", 0)}
_NOT_IN_WEIGHTS = ("num_heads", "pos_embed_std", "input_skip")


@dataclass(frozen=True)
class ForeignWeights:
    """What another project's file holds."""

    state: dict[str, Tensor]
    """Parameters by name, `module.` taken off."""
    place: str
    """Key they were found under, one of PLACES."""
    is_prefixed: bool
    """Whether the names began with `module.`."""
    others: tuple[str, ...]
    """What else lies beside the weights: 'epoch', 'optimizer' and the like."""

    @property
    def kind(self) -> str:
        """'action' for a backbone with a classification head, else 'lifting'."""
        return "action" if any(name.startswith(_BACKBONE) for name in self.state) else "lifting"


def find_weights(content: object, path: str | Path) -> ForeignWeights:
    """The weights in what `read_content` returned. Raises UserError, naming path, if none."""
    found = _weights_in(content)
    if found is None:
        named = ", ".join(f"'{place}'" for place in PLACES if place)
        raise UserError(f"{path}: holds no weights under {named} or at its top")
    return found


def _weights_in(content: object) -> ForeignWeights | None:
    inner = content if isinstance(content, Mapping) else {}
    for place in PLACES:
        state = inner.get(place) if place else content
        if is_state(state):
            bare = strip_module(state)
            others = tuple(str(key) for key in inner if place and key != place)
            return ForeignWeights(bare, place, bare.keys() != state.keys(), others)
    return None


def backbone_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The backbone inside a classifier's weights; a lifter's are all backbone."""
    inner = {k.removeprefix(_BACKBONE): v for k, v in state.items() if k.startswith(_BACKBONE)}
    return inner or dict(state)


def _dimension(state: Mapping[str, Tensor], place: tuple[str, int], path: str | Path) -> int:
    name, i_dim = place
    if name not in state or state[name].ndim <= i_dim or not state[name].shape[i_dim]:
        raise UserError(f"{path}: not the weights of a DSTformer: no {name} of the usual shape")
    return state[name].shape[i_dim]


def _depth(state: Mapping[str, Tensor], stack: str) -> int:
    """Layers of a stack of them; 0 if there is none."""
    start = f"{stack}."
    numbers = (k[len(start) :].split(".")[0] for k in state if k.startswith(start))
    return 1 + max((int(n) for n in numbers if n.isdecimal()), default=-1)


def _ratio(hidden: int, dim: int) -> float:
    """An mlp_ratio by which a DSTformer has so many hidden features."""
    ratio = hidden / dim
    return ratio if int(dim * ratio) == hidden else math.nextafter(ratio, math.inf)


def infer_config(state: Mapping[str, Tensor], path: str | Path) -> DSTformerConfig:
    """The sizes of a DSTformer, or of the one inside a classifier, from its weights' shapes.

    num_heads is not among them: 8, or the largest number below that dim_feat divides into.
    Raises UserError, naming path, if the weights are not a DSTformer's.
    """
    state = backbone_of(state)
    sizes = {name: _dimension(state, place, path) for name, place in _SIZES.items()}
    depth = _depth(state, "blocks_st")
    hidden, dim = _dimension(state, _HIDDEN, path), sizes["dim_feat"]
    num_heads = next(n for n in range(USUAL_HEADS, 0, -1) if dim % n == 0)
    found = sizes | {
        "depth": depth, "mlp_ratio": _ratio(hidden, dim), "num_heads": num_heads,
        "att_fuse": "ts_attn.0.weight" in state,
        "pose_stream": _infer_stream(state, sizes, path),
    }  # fmt: skip
    return build(DSTformerConfig, found, f"{path}: not the weights of a DSTformer")


def _infer_stream(
    state: Mapping[str, Tensor], sizes: Mapping[str, int], path: str | Path
) -> dict[str, int] | None:
    """Sizes of the pose stream, which only this project's own weights may have."""
    name = "pose_stream.embed.weight"
    if name not in state:
        return None
    dim, per_token = (_dimension(state, (name, i), path) for i in (0, 1))
    return {
        "dim": dim, "depth": _depth(state, "pose_stream.layers"),
        "frames": per_token // (sizes["num_joints"] * sizes["dim_in"]),
        "count": 1 + _depth(state, "more_streams"),
    }  # fmt: skip


def infer_head(state: Mapping[str, Tensor], path: str | Path) -> ActionConfig:
    """Sizes of a classifier's head from its weights. Raises UserError, naming path."""
    return ActionConfig(
        **{name: _dimension(state, place, path) for name, place in _HEAD_SIZES.items()}
    )


def load_trained(path: str | Path) -> Checkpoint:
    """A checkpoint of this project, or MotionBERT's lifting weights as if they were one.

    Their sizes are inferred, the clip is as long as they allow at 50 frames a second, and the
    target is what MotionBERT trains on. Raises UserError for anything else.
    """
    content = read_content(Path(path))
    weights = None if is_ours(content) else _weights_in(content)
    if weights is None:
        return checkpoint_of(content, path)
    if weights.kind != "lifting":
        raise UserError(f"{path}: another project's classifier; train_action.py -p starts from it")
    model = infer_config(weights.state, path)
    data = {"clip_len": model.maxlen, "fps": REFERENCE_FPS}
    config = {"model": to_dict(model), "data": data, "target": "image"}
    return Checkpoint("lifting", config, weights.state)


def _flat(config: object, names: list[str]) -> dict[str, object]:
    """Values by the keys that set them; of a part with parts of its own, each of these."""
    found: dict[str, object] = {}
    for name in names:
        value = getattr(config, name)
        inner = to_dict(value) if is_dataclass(value) else None
        found |= {f"{name}.{k}": v for k, v in inner.items()} if inner else {name: value}
    return found


def _written(value: object) -> str:
    """As in YAML."""
    return "null" if value is None else str(value).lower()


def _differences(
    section: str, found: object, wanted: object, names: list[str]
) -> dict[str, tuple[str, str]]:
    """Key -> what the weights have and what the config has, where these differ."""
    ours, theirs = _flat(wanted, names), _flat(found, names)
    return {
        f"{section}.{key}": (_written(value), _written(ours[key]) if key in ours else "none such")
        for key, value in theirs.items()
        if key not in ours or ours[key] != value
    }


def check_sizes(
    state: Mapping[str, Tensor], model: DSTformerConfig, path: str | Path,
    *, head: ActionConfig | None = None, has_head: bool = True,
) -> None:  # fmt: skip
    """Weights have the sizes of a config; head, if given, is that of their classifier's head.

    has_head=False leaves out the size of the lifting head.

    Raises UserError in one line that names every size that differs and what to set.
    """
    names = [f.name for f in fields(DSTformerConfig) if f.name not in _NOT_IN_WEIGHTS]
    if not has_head:
        names.remove("dim_out")
    found = infer_config(state, path)
    if int(found.dim_feat * found.mlp_ratio) == int(found.dim_feat * model.mlp_ratio):
        found = replace(found, mlp_ratio=model.mlp_ratio)  # several ratios make so many features
    wrong = _differences("model", found, model, names)
    if head is not None:
        wrong |= _differences("head", infer_head(state, path), head, list(_HEAD_SIZES))
    if wrong:
        text = ", ".join(f"{k} {has} (the config has {ours})" for k, (has, ours) in wrong.items())
        fix = " ".join(f"{key}={has}" for key, (has, _) in wrong.items())
        raise UserError(f"{path}: weights of another size: {text}; set {fix}")
