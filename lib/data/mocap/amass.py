"""AMASS: pose parameters of SMPL-H or SMPL-X (.npz), as places of the body's joints.

Loper et al. 2015 (SMPL), Mahmood et al. 2019 (AMASS). A file holds rotations and a person's shape;
how long the bones of that shape are is in a body model, which its makers give out. T frames, K = 22
joints, V vertices, B numbers of a shape. Metres, Z up.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from lib.data.mocap.points import Points, check_finite
from lib.errors import UserError
from lib.files import ARRAY_DAMAGE

BODY_JOINTS = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
    "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar",
    "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist",
)  # fmt: skip
"""The first joints of SMPL-H and SMPL-X alike; hands and face come after them."""
SKIN = ("nose", "crown")
"""Points of the head's skin: the most forward and the highest one at rest."""
GENDERS = ("female", "male", "neutral")
_HEAD = BODY_JOINTS.index("head")
_NUM = len(BODY_JOINTS)
_MODEL_OF = {156: "smplh", 165: "smplx"}
"""Numbers of a pose -> the model they are for."""
_JOINTS_OF = {"smplh": 52, "smplx": 55}
_SHAPE_OF = {"smplh": 16, "smplx": 300}
"""Numbers of a shape; SMPL-X keeps the face's behind them. Models with fewer are other bodies."""
_GENDER, _RATES = "gender", ("mocap_framerate", "mocap_frame_rate")


@dataclass(frozen=True)
class BodyModel:
    """What of a body model places joints: they are linear in the shape."""

    rest_m: np.ndarray
    """(K + 2, 3) joints, nose and crown of the mean shape at rest: x left, y up, z forward."""
    by_shape_m: np.ndarray
    """(K + 2, 3, B) what each number of a shape adds."""
    parents: tuple[int, ...]
    """Of each joint; of the first none is used."""

    def shaped(self, betas: np.ndarray) -> np.ndarray:
        """(K + 2, 3) metres at rest of a shape of at most B numbers; the rest are 0."""
        return self.rest_m + self.by_shape_m[..., : len(betas)] @ betas

    def posed(self, rest_m: np.ndarray, turns: np.ndarray, trans_m: np.ndarray) -> np.ndarray:
        """(T, K + 2, 3) metres of turns (T, K, 3, 3), each in its parent's axes."""
        places, axes = [np.broadcast_to(rest_m[0], trans_m.shape)], [turns[:, 0]]
        for joint, parent in enumerate(self.parents[1:], 1):
            places.append(places[parent] + axes[parent] @ (rest_m[joint] - rest_m[parent]))
            axes.append(axes[parent] @ turns[:, joint])
        for skin in rest_m[_NUM:]:
            places.append(places[_HEAD] + axes[_HEAD] @ (skin - rest_m[_HEAD]))
        return np.stack(places, 1) + trans_m[:, None]


def _load(
    path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, np.ndarray]:
    """Arrays of an .npz, those needed first.

    Raises UserError if it is none, lacks one, or holds pickled objects or text there.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in (*needed, *optional) if name in file.files}
    except ARRAY_DAMAGE as error:
        raise UserError(
            f"{path}: cannot read this .npz ({' '.join(str(error).split())})"
        ) from error
    if lacks := [name for name in needed if name not in found]:
        raise UserError(f"{path}: lacks '{lacks[0]}', which files of AMASS and its bodies have")
    if odd := [name for name, a in found.items() if a.dtype.kind not in "fiu" and name != _GENDER]:
        raise UserError(f"{path}: '{odd[0]}' holds no numbers")
    return found


@cache
def read_body_model(path: Path, model: str) -> BodyModel:
    """The part of a SMPL-H or SMPL-X model that is needed. Raises UserError naming the file."""
    names = ("v_template", "shapedirs", "J_regressor", "kintree_table", "weights")
    skin_m, shapes, to_joints, tree, weights = _load(path, names).values()
    num_vertices, num_joints = skin_m.size // 3, _JOINTS_OF[model]
    if (
        skin_m.shape != (num_vertices, 3)
        or shapes.ndim != 3
        or shapes.shape[:2] != skin_m.shape
        or shapes.shape[2] < _SHAPE_OF[model]
        or to_joints.shape != (num_joints, num_vertices)
        or weights.shape != (num_vertices, num_joints)
        or tree.shape != (2, num_joints)
    ):
        raise UserError(
            f"{path}: its arrays are not those of {model} with {num_joints} joints and "
            f"{_SHAPE_OF[model]} numbers of a shape"
        )
    of_head = np.flatnonzero(weights.argmax(1) == _HEAD)
    if not len(of_head):
        raise UserError(f"{path}: no vertex belongs to the head; is it {model}'s?")
    chosen = [of_head[skin_m[of_head, axis].argmax()] for axis in (2, 1)]
    shapes = shapes[..., : _SHAPE_OF[model]]
    joints, skin = to_joints[:_NUM] @ skin_m, skin_m[chosen]
    by_shape = np.einsum("kv,vcb->kcb", to_joints[:_NUM], shapes)
    parents = tuple(int(parent) for parent in tree[0, :_NUM])
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents[1:], 1)):
        raise UserError(f"{path}: kintree_table names a parent that comes after its joint")
    return BodyModel(
        np.concatenate([joints, skin]), np.concatenate([by_shape, shapes[chosen]]), parents
    )


@cache
def find_body_model(folder: Path, model: str, gender: str) -> Path:
    """The file below a folder whose path names model and gender: `smplh/male/model.npz`,
    `smplx/SMPLX_MALE.npz`. Raises UserError if there is none, or more than one."""
    word = re.compile(rf"(?<![a-z]){gender}(?![a-z])")
    found = [
        path for path in sorted(folder.rglob("[!.]*.npz"))
        if model in (name := path.relative_to(folder).as_posix().lower()) and word.search(name)
    ]  # fmt: skip
    if len(found) == 1:
        return found[0]
    told = " and ".join(path.name for path in found) or "none is there"
    raise UserError(
        f"{folder}: expected one .npz of {model} for {gender}, such as "
        f"{model}/{gender}/model.npz; found: {told}"
    )


def _gender(arrays: dict[str, np.ndarray]) -> str:
    value = arrays[_GENDER].item() if arrays[_GENDER].size == 1 else ""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text.strip().lower().removeprefix("b'").removesuffix("'")


def read_amass(path: Path, body_models: Path | None) -> Points:
    """Joints of the body, nose and crown of one recording.

    body_models: folder of the body models. Raises UserError naming the file.
    """
    if body_models is None:
        raise UserError(f"{path}: AMASS needs the body models; say where with --body-models")
    arrays = _load(path, ("poses", "trans", _GENDER, "betas"), _RATES)
    poses, trans = (np.asarray(arrays[name], float) for name in ("poses", "trans"))
    model = _MODEL_OF.get(poses.shape[-1]) if poses.ndim == 2 else None
    if model is None or trans.shape != (len(poses), 3) or not len(poses):
        raise UserError(
            f"{path}: poses {poses.shape} and trans {trans.shape}, expected (T, 156) or (T, 165) "
            "and (T, 3)"
        )
    gender, rate = _gender(arrays), next((arrays[k] for k in _RATES if k in arrays), None)
    if gender not in GENDERS:
        raise UserError(f"{path}: gender '{gender}', expected one of {' '.join(GENDERS)}")
    check_finite(np.concatenate([poses, trans], 1), path, "poses or trans")
    betas = np.asarray(arrays["betas"], float)
    if betas.shape not in ((betas.size,), (1, betas.size)) or not np.isfinite(betas).all():
        raise UserError(f"{path}: betas {betas.shape}, expected one row of numbers")
    if betas.size > _SHAPE_OF[model]:
        raise UserError(f"{path}: {betas.size} betas, {model} has {_SHAPE_OF[model]}")
    body = read_body_model(find_body_model(body_models, model, gender), model)
    turns = Rotation.from_rotvec(poses[:, : 3 * _NUM].reshape(-1, 3)).as_matrix()
    turns = turns.reshape(len(poses), _NUM, 3, 3)
    xyz = body.posed(body.shaped(betas.ravel()), turns, trans)
    fps = float(rate.item()) if rate is not None and rate.size == 1 else None
    return Points(path, BODY_JOINTS + SKIN, xyz, fps, 1.0)
