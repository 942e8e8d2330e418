"""Weights made small, to be given away: a byte for most of them. A matrix has R rows, C columns."""

from collections.abc import Mapping

import torch
from torch import Tensor

_SCALE = "@scale"
_LEAST_SIDE = 64
"""Matrices with fewer rows or columns stay float16: they are few, and some are the output's."""


def _cast(state: Mapping[str, Tensor], old: torch.dtype, new: torch.dtype) -> dict[str, Tensor]:
    return {k: v.to(new) if v.dtype == old else v for k, v in state.items()}


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Large float32 matrices as int8 (R, C) beside a float32 scale (R, 1), `NAME@scale`; other
    float32 as float16.

    A row's largest value is 127 of its scale, so each value is off by 1/254 of that at most.
    """
    small = _cast(state, torch.float32, torch.float16)
    for name, value in state.items():
        if value.dtype == torch.float32 and value.ndim == 2 and min(value.shape) >= _LEAST_SIDE:
            scale = value.abs().amax(1, keepdim=True).clamp_min(1e-30) / 127
            small[name], small[name + _SCALE] = (value / scale).round().to(torch.int8), scale
    return small


def _is_pair(matrix: Tensor | None, scale: Tensor | None) -> bool:
    return (
        matrix is not None and matrix.dtype == torch.int8 and matrix.ndim == 2
        and scale is not None and scale.dtype == torch.float32
        and scale.shape == (len(matrix), 1)
        and matrix.layout == scale.layout == torch.strided
    )  # fmt: skip


def unpacked(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Back to float32; what is neither int8 nor float16 stays. Raises ValueError for a matrix
    without its scale or a scale without its matrix."""
    whole = _cast(state, torch.float16, torch.float32)
    in_bytes = {name for name, value in state.items() if value.dtype == torch.int8}
    scaled = {name.removesuffix(_SCALE) for name in state if name.endswith(_SCALE)}
    for name in in_bytes | scaled:
        matrix, scale = whole.get(name), whole.pop(name + _SCALE, None)
        if not _is_pair(matrix, scale):
            raise ValueError(f"weights in bytes without their scale: {name}; copy it again")
        whole[name] = state[name] * state[name + _SCALE]
    return whole


def is_packed(state: Mapping[str, Tensor]) -> bool:
    """Whether weights were made small."""
    return any(v.dtype == torch.float16 or k.endswith(_SCALE) for k, v in state.items())
