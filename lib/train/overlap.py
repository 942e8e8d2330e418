"""Whether a training is scored on what it learns from."""

from collections.abc import Iterable, Iterator
from typing import Any

from lib.data.clips_2d import choose_2d
from lib.data.store import Store, open_store
from lib.data.windows import SourceConfig, choose
from lib.train.evaluation import EvalConfig


def _sequences(sources: Iterable[SourceConfig]) -> Iterator[tuple[Store, int]]:
    for source in sources:
        store = open_store(source.store)
        yield from ((store, i) for i in choose(store, source))


def trained_on(config: Any) -> list[tuple[Store, int]]:
    """Store and index of every sequence of a training: of its 3D or labels, of a classifier's
    other movements, of its 2D. Raises UserError where the training would."""
    others = getattr(config, "other", None)
    found = list(_sequences([*config.sources, *(others.sources if others else [])]))
    for source in getattr(config, "sources_2d", []):
        if source.ratio:
            store, chosen = choose_2d(source)
            found += [(store, i) for i in chosen]
    return found


def take_of(store: Store, i: int) -> tuple | None:
    """What a sequence shares with the other cameras of its take; None without a camera.

    A name may end with its camera's, as tools/prepare_fit3d.py makes them.
    """
    sequence = store.sequences[i]
    if not sequence.camera_name:
        return None
    name = sequence.name.removesuffix(sequence.camera_name)
    return store.path.resolve(), sequence.subject, sequence.group, name


def scored_on_training(trained: Iterable[tuple[Store, int]], config: EvalConfig) -> str:
    """What to say of scores on sequences that are trained on, or on their takes as another camera
    saw them, a line each; "" if there are none.

    trained: as `trained_on` gives them.
    """
    known, scored = (
        {(store.path.resolve(), i): take_of(store, i) for store, i in listed}
        for listed in (trained, _sequences(config.sources))
    )
    takes = set(known.values()) - {None}
    num_same = sum(sequence in known for sequence in scored)
    num_takes = sum(take in takes for sequence, take in scored.items() if sequence not in known)
    told = {
        "trained on as well": num_same,
        "takes of the training seen by another camera": num_takes,
    }
    return "\n".join(
        f"eval.sources: {number} of {len(scored)} sequences are {what}, so their scores say "
        "nothing of other people; a split keeps them apart"
        for what, number in told.items()
        if number
    )
