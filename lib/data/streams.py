"""Writing arrays of unknown length."""

from typing import BinaryIO

import numpy as np


class GrowingArray:
    """A .npy file that grows: rows are appended, the header is set right at the end."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self.file, self.shape, self.num_rows = file, shape, 0
        self._write_header()

    def _write_header(self) -> None:
        # numpy pads the header so that the first axis may grow without moving the content.
        header = {"descr": "<f4", "fortran_order": False, "shape": (self.num_rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def append(self, rows: np.ndarray) -> None:
        self.file.write(np.ascontiguousarray(rows, "<f4").tobytes())
        self.num_rows += len(rows)

    def finish(self) -> None:
        self.file.seek(0)
        self._write_header()
