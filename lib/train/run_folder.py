"""Whose a run folder is: nothing in it is overwritten, and one training at a time writes there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

import yaml

from lib.config import changes
from lib.errors import UserError
from lib.files import clear_leftovers, placing, written_aside
from lib.locks import claimed
from lib.train import parallel

MOST_SHOWN = 40
"""Letters of a value that is told."""
_MAY_CHANGE = ("run", "train.epochs", "train.num_workers", "train.device", "train.log_every")


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


def changed_since(folder: Path, before: dict, now: dict, epoch: int) -> str:
    """What a run that goes on is trained with unlike before, as a line; '' where nothing is.

    Both are configs as plain containers. The one before is kept beside config.yaml.
    """
    told = {key: pair for key, pair in changes(before, now).items() if key not in _MAY_CHANGE}
    if not told:
        return ""
    name = f"config_until_epoch_{epoch}"
    endings = chain([""], (f"_{i}" for i in count(2)))
    kept = next(p for end in endings if not (p := folder / f"{name}{end}.yaml").exists())
    with written_aside(kept) as aside:
        aside.write_text(yaml.safe_dump(before, sort_keys=False), encoding="utf-8")
    parts = [f"{key} {_short(new)} (was {_short(old)})" for key, (old, new) in told.items()]
    return (
        f"{folder}: goes on with {', '.join(parts)}; overrides hold for one call: give them again "
        f"to keep what was, which is in {kept.name}"
    )


def _short(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).split("\n")[0]
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."
