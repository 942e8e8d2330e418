"""The choice of one person among the tracks of a recording, and that person's Pose2D.

N detections, T frames.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from lib.detect.bodies import MAX_SIZE_RATIO, boxes_of
from lib.detect.tracks import label_people, rows_by_label
from lib.errors import UserError
from lib.pose import Detections, Pose2D
from lib.skeleton import NUM_JOINTS

CLOSE_CALL = 0.85
"""A second person with this share of the first one's score makes the choice uncertain."""
LONG_SHARE = 0.2
"""Somebody seen for this share of the first one's frames may be a set of theirs."""
MAX_NAMED = 8


@dataclass(frozen=True)
class Person:
    """One track and what speaks for it."""

    id: int
    num_frames: int
    """Frames with a detection."""
    first_frame: int
    last_frame: int
    area: float
    """Median box area as a share of the picture."""
    centrality: float
    """Median over the frames: 1 in the middle of the picture, 0 in its corners."""
    joined: tuple[int, ...]
    """Other ids that were taken for the same person."""

    @property
    def score(self) -> float:
        """Large, central and long seen is who the video is about."""
        return self.area * self.centrality * self.num_frames

    @property
    def also(self) -> str:
        """The other ids in words, a few by name; empty without any."""
        if not self.joined:
            return ""
        more = len(self.joined) - MAX_NAMED
        named = ", ".join(map(str, self.joined[:MAX_NAMED]))
        return f"also {named}" + (f" and {more} more" if more > 0 else "")

    def __str__(self) -> str:
        also = f", {self.also}" if self.joined else ""
        return f"{self.id} (frames {self.first_frame} to {self.last_frame}{also})"


@dataclass(frozen=True)
class Crowd:
    """Everybody in a recording."""

    detections: Detections
    labels: np.ndarray
    """(N,) person id of each detection, NOBODY for leftovers."""
    people: tuple[Person, ...]
    """Best score first."""

    def choose(self, focus: int | None = None) -> tuple[Person, str]:
        """The person asked for, or the largest, most central, longest seen one, and a warning.

        The warning is empty unless two people are nearly as good a choice, or one may go on where
        the other ends. Raises UserError if nobody was seen or `focus` is not there.
        """
        source = self.detections.source
        if not self.people:
            raise UserError(f"{source}: no person has a trusted keypoint; detect again")
        if focus is not None:
            return self._asked_for(focus), ""
        best, *others = self.people
        apart = [other for other in others if self._may_be_one(best, other)]
        if apart:
            more = max(apart, key=lambda person: person.num_frames)
            return best, (
                f"{source}: took person {best.id}; person {more} is seen only while that one is "
                f"not, and may be the same: --focus {more.id} takes that part"
            )
        if not others or others[0].score < CLOSE_CALL * best.score:
            return best, ""
        return best, (
            f"{source}: persons {best.id} and {others[0].id} are about as large, central and long "
            f"seen; took {best.id}, choose with --focus {others[0].id}"
        )

    def _may_be_one(self, best: Person, other: Person) -> bool:
        """Seen for a while, as large, and never together: whoever leaves comes back as another."""
        is_long = other.num_frames >= LONG_SHARE * best.num_frames
        small, large = sorted((best.area, other.area))
        if not (is_long and large < MAX_SIZE_RATIO**2 * small):
            return False
        frames = (self.detections.frame_id[self.labels == p.id] for p in (best, other))
        return not np.intersect1d(*frames).size

    def _asked_for(self, focus: int) -> Person:
        for person in self.people:
            if focus == person.id or focus in person.joined:
                return person
        listed = "; ".join(map(str, self.people[:MAX_NAMED]))
        more = len(self.people) - MAX_NAMED
        raise UserError(
            f"{self.detections.source}: no person {focus}; --focus takes {listed}"
            + (f"; and {more} more" if more > 0 else "")
        )

    def pose_of(
        self, person: Person, time_s: np.ndarray, fps: float, size_px: tuple[int, int]
    ) -> Pose2D:
        """One person over all T frames; frames without a detection have score 0 (defect I1).

        time_s: (T,). Raises ValueError for a person seen in later frames.
        """
        rows = np.flatnonzero(self.labels == person.id)
        frames = self.detections.frame_id[rows]
        if len(frames) and frames[-1] >= len(time_s):
            raise ValueError(
                f"{self.detections.source or 'detections'}: person {person.id} is in frame "
                f"{frames[-1]}, time_s has {len(time_s)}"
            )
        xy = np.zeros((len(time_s), NUM_JOINTS, 2))
        score = np.zeros((len(time_s), NUM_JOINTS))
        xy[frames], score[frames] = self.detections.xy_px[rows], self.detections.score[rows]
        return Pose2D(xy, score, fps, size_px, time_s=time_s, source=self.detections.source)


def find_people(detections: Detections, fps: float, size_px: tuple[int, int]) -> Crowd:
    """Join detections into people and rank them."""
    labels, became = label_people(detections, fps)
    boxes = boxes_of(detections)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1) / (size_px[0] * size_px[1])
    middle = np.array(size_px) / 2
    off = np.linalg.norm((boxes[:, :2] + boxes[:, 2:]) / 2 - middle, axis=1)
    centrality = np.clip(1 - off / np.linalg.norm(middle), 0, 1)
    joined = defaultdict(list)
    for old, new in became.items():
        joined[new].append(old)
    people = []
    for label, rows in rows_by_label(labels).items():
        frames = detections.frame_id[rows]
        people.append(
            Person(
                label,
                len(frames),
                int(frames[0]),
                int(frames[-1]),
                float(np.median(area[rows])),
                float(np.median(centrality[rows])),
                tuple(joined[label]),
            )
        )
    return Crowd(detections, labels, tuple(sorted(people, key=lambda p: -p.score)))
