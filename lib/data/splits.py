"""Who is trained on and who is tested on: configs/splits/*.yaml."""

import re
from itertools import combinations
from typing import Literal

from lib.config import configclass, load_config
from lib.data.fit3d import ACTIONS, TEST_SUBJECTS, TRAIN_SUBJECTS
from lib.data.h36m import SUBJECTS as H36M_SUBJECTS
from lib.data.names import refuse_absent
from lib.data.store import Store, select
from lib.errors import UserError

Side = Literal["train", "development", "test"]
SIDES: tuple[Side, ...] = ("train", "development", "test")


@configclass
class Split:
    """Subjects (or groups) for training and for testing, by exact name; none is on two sides."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    actions: tuple[str, ...] | None = None
    """Exercises used on all sides; null = whatever the store has."""
    development: tuple[str, ...] = ()
    """For choosing recipes, where there are enough people for a third side."""
    of: Literal["subject", "group"] = "subject"
    """What the names are."""

    def __post_init__(self) -> None:
        for key in (*SIDES, "actions"):
            names = getattr(self, key)
            if names is None:
                continue
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{key} names {', '.join(twice)} twice")
            if not names and key != "development":
                raise ValueError(f"{key} is empty")
        for one, other in combinations(SIDES, 2):
            both = sorted(set(getattr(self, one)) & set(getattr(self, other)))
            if both:
                raise ValueError(f"{', '.join(both)} in both {one} and {other}")
        wrong = [name for name in self.names if not re.fullmatch(r"[\w-]+", name)]
        if wrong:
            raise ValueError(f"no {self.of} name: {', '.join(wrong)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Those of all sides."""
        return (*self.train, *self.development, *self.test)


def load_split(path: str) -> Split:
    """Read and check a split file. Raises UserError with everything that is wrong."""
    return load_config(Split, path)


def split_sequences(store: Store, split: Split, side: Side) -> list[int]:
    """Sequence indices of a store on one side of a split.

    A subject of Fit3D or Human3.6M may be absent (withheld, or not downloaded), and so may one of
    Fit3D's exercises, so the list may be empty; any other name must be in the store. Raises
    UserError for one that is not.
    """
    there = {getattr(sequence, split.of) for sequence in store.sequences}
    known = there.union(TRAIN_SUBJECTS, TEST_SUBJECTS, H36M_SUBJECTS)
    for name in split.names:
        if name not in known:
            raise UserError(
                f"{store.path}: has no {split.of} '{name}' of the split; "
                f"it has {', '.join(sorted(there))}"
            )
    known = {sequence.action for sequence in store.sequences}.union(ACTIONS)
    refuse_absent(str(store.path), "actions of the split", split.actions or (), known)
    names = set(getattr(split, side))
    chosen = select(store, actions=split.actions)
    return [i for i in chosen if getattr(store.sequences[i], split.of) in names]
