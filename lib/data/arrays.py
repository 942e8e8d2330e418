"""Opening a motion store's arrays: checked against its manifest, memory-mapped."""

from pathlib import Path

import numpy as np

from lib.data.manifest import MAKERS, Sequence
from lib.errors import UserError


def map_array(path: Path, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """A read-only memory map of a .npy file of that shape and type. Raises UserError."""
    try:
        # Unlike np.load, it takes an archive or an empty file for no array either.
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read the array ({error}); {MAKERS}") from error
    if array.shape != shape or array.dtype != dtype:
        raise UserError(
            f"{path}: {array.dtype} {array.shape}, the manifest says {np.dtype(dtype)} {shape}; "
            + MAKERS
        )
    return array


def read_clips(path: Path, sequences: tuple[Sequence, ...]) -> np.ndarray | None:
    """(C, 3) rows (sequence, start, stop) inside the sequences; None without the file.

    Raises UserError for a table that is damaged or of another store.
    """
    if not path.exists():
        return None
    try:
        clips = np.array(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read ({error}); run tools/slice_clips.py") from error
    lengths = np.array([sequence.num_frames for sequence in sequences], np.int64)
    is_table = clips.ndim == 2 and clips.shape[1] == 3 and clips.dtype == np.int64
    if is_table:
        i_sequence, start, stop = clips.T
        is_known = (i_sequence >= 0) & (i_sequence < len(lengths))
        fits = is_known & (start >= 0) & (start < stop)
        fits &= stop <= lengths[np.where(is_known, i_sequence, 0)]
    if not is_table or not fits.all():
        raise UserError(f"{path}: does not fit this store; run tools/slice_clips.py again")
    return clips
