"""Curves on a disk that becomes full."""

import errno
import os

import numpy as np
import pytest

from lib.errors import UserError
from lib.train.board import Board


@pytest.mark.parametrize("what", ["add_scalar", "add_image", "flush", "close"])
def test_a_full_disk_is_one_line(tmp_path, monkeypatch, what):
    board = Board(tmp_path / "tb", 0)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(board.writer, what, full)
    use = {
        "add_scalar": lambda: board.add({"loss/total": 1.0}, 1),
        "add_image": lambda: board.show({"pose": np.zeros((2, 2, 3), np.uint8)}, 1),
        "flush": board.flush,
        "close": board.close,
    }
    with pytest.raises(UserError, match=r"tb: cannot write all of it .*; make room"):
        use[what]()
