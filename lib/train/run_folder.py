"""Whose a run folder is: nothing in it is overwritten, and one training at a time writes there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.errors import UserError
from lib.files import clear_leftovers, placing
from lib.locks import claimed
from lib.train import parallel


def check_folder(folder: Path, resume: str | None) -> None:
    """Nothing is overwritten but the run that goes on. Raises UserError.

    resume: the file to go on from, '' for the run's own latest.pt, None for a new run.
    """
    goes_on = resume is not None and Path(resume or folder / "latest.pt").parent
    if goes_on and goes_on.resolve() == folder.resolve():
        return
    if (folder / "latest.pt").exists():
        raise UserError(f"{folder}: holds a run already; --resume goes on, -c names another")
    if (folder / "best.pt").exists():
        raise UserError(f"{folder}: holds best.pt already; -c names another")


@contextmanager
def held(folder: Path, resume: str | None) -> Iterator[None]:
    """Around a training: no other writes to its folder, which is made and checked again.

    Of several processes the first holds it. Raises UserError where another training does.
    """
    if not parallel.is_first():
        yield
        return
    is_new = not folder.exists()
    with placing(folder, "folder"):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with claimed(folder) as is_mine:
            if is_mine is False:
                raise UserError(f"{folder}: another training is writing there; -c names another")
            check_folder(folder, resume)  # one may have ended there since
            clear_leftovers(folder, ".part-*", within_s=0)  # no other training is at work there
            yield
    finally:
        if is_new:
            with suppress(OSError):  # goes if nothing was written, as after a wrong -p
                folder.rmdir()
