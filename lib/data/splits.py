"""Who is trained on and who is tested on: configs/splits/*.yaml."""

import difflib
import re

from lib.config import configclass, load_config
from lib.data.fit3d import ACTIONS, TEST_SUBJECTS, TRAIN_SUBJECTS
from lib.data.h36m import SUBJECTS as H36M_SUBJECTS
from lib.data.store import Store, select
from lib.errors import UserError


@configclass
class Split:
    """Subjects for training and for testing, by exact name; no subject is in both."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    actions: tuple[str, ...] | None = ACTIONS
    """Exercises used on both sides; Fit3D's 47 by default, null = whatever the store has."""

    def __post_init__(self) -> None:
        for key in ("train", "test", "actions"):
            names = getattr(self, key)
            if names is None:
                continue
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{key} names {', '.join(twice)} twice")
            if not names:
                raise ValueError(f"{key} is empty")
        both = sorted(set(self.train) & set(self.test))
        if both:
            raise ValueError(f"{', '.join(both)} in both train and test")
        wrong = [s for s in (*self.train, *self.test) if not re.fullmatch(r"[\w-]+", s)]
        if wrong:
            raise ValueError(f"no subject name: {', '.join(wrong)}")
        for action in self.actions or ():
            if action not in ACTIONS:
                close = difflib.get_close_matches(action, ACTIONS, 3) or ACTIONS
                raise ValueError(f"no action '{action}'; there is {', '.join(close)}")


def load_split(path: str) -> Split:
    """Read and check a split file. Raises UserError with everything that is wrong."""
    return load_config(Split, path)


def split_sequences(store: Store, split: Split) -> tuple[list[int], list[int]]:
    """Sequence indices of a store for training and for testing.

    A subject of Fit3D or Human3.6M may be absent (withheld, or not downloaded), so a list may be
    empty; any other name must be in the store. Raises UserError for one that is not.
    """
    there = {sequence.subject for sequence in store.sequences}
    known = there.union(TRAIN_SUBJECTS, TEST_SUBJECTS, H36M_SUBJECTS)
    for subject in (*split.train, *split.test):
        if subject not in known:
            raise UserError(
                f"{store.path}: has no subject '{subject}' of the split; "
                f"it has {', '.join(sorted(there))}"
            )
    train, test = (
        select(store, subjects=subjects, actions=split.actions)
        for subjects in (split.train, split.test)
    )
    return train, test
