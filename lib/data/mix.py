"""Several data sets in one training, each with its own clip length.

A draw is (epoch, part, clip), and no draw comes twice: where a clip does within an epoch, the
number of its epoch is another one (lib/train/sampler.py). Whatever is drawn at random for it
depends on the seed and on these three numbers alone, never on worker, batch or process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import Dataset

PADDING = -1
"""As the clip of a draw: no clip; it fills up a batch and counts for nothing."""

Draw = tuple[int, int, int]


@dataclass(frozen=True)
class Part:
    """One data set of a mix."""

    name: str
    clips: Dataset
    """Indexed by (epoch, clip); `padding()` gives a clip that counts for nothing."""
    ratio: float = 1.0
    """Batches for every batch of the first part; of the first itself it says nothing."""
    first_epoch: int = 0
    """0-based epoch in which the part comes in."""

    def num_batches(self, num_main: int) -> int:
        """Batches of an epoch in which the first part has num_main.

        At least one unless the ratio is 0: a small part of few batches would teach nothing.
        """
        return max(round(self.ratio * num_main), int(self.ratio > 0))


class Mix(Dataset):
    """Parts under one index. The first part is the main one: an epoch is once through it.

    least: clips that the last batch of it needs; fewer wait for another epoch.
    """

    def __init__(self, parts: Sequence[Part], least: int = 1) -> None:
        self.parts, self.least = tuple(parts), least

    def __len__(self) -> int:
        """Clips of all parts together."""
        return sum(len(part.clips) for part in self.parts)  # type: ignore

    def __getitem__(self, draw: Draw) -> tuple:
        epoch, i_part, i_clip = draw
        clips = self.parts[i_part].clips
        return clips.padding() if i_clip == PADDING else clips[epoch, i_clip]  # type: ignore

    def __getitems__(self, draws: Sequence[Draw]) -> "Drawn":
        """A batch's clips, asked for by torch's loader; each is made when it is looked at."""
        return Drawn(self, draws)


@dataclass(frozen=True)
class Drawn:
    """Clips of a batch, made one after another: the last one is put away before the next."""

    mix: Mix
    draws: Sequence[Draw]

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[tuple]:
        return (self.mix[draw] for draw in self.draws)
