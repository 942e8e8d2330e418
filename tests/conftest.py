"""What all tests share: one thread each, a fixed seed, the folder of real data."""

import os

# Before numpy and torch load: xdist runs a process a core, more threads only get in the way.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from pathlib import Path

import pytest

try:
    import torch
except ImportError:  # the numpy-only part of the library is tested without it
    torch = None
else:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _seed_torch():
    """Tests do not depend on which ran before them."""
    if torch is not None:
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real recordings named by PERFECTREP_DATA; the test is skipped without it."""
    folder = os.environ.get("PERFECTREP_DATA")
    if not folder:
        pytest.skip("needs real recordings: set PERFECTREP_DATA to their folder")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"PERFECTREP_DATA={folder} is not a folder")
    return path
