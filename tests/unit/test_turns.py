"""Ids that come and go: the same people as by comparing whole tracks, in far less time."""

import time

import numpy as np
import pytest

from lib.detect.tracks import label_people, rows_by_label
from lib.detect.turns import take_turns
from lib.pose import Detections

FIGURE = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [40, 120]


def test_an_id_that_flickers_4000_times_takes_seconds():
    """Only what is around each time is looked at. With the whole track it takes twenty times as
    long, and four times that for twice as many."""
    num = 80_000
    place = np.array([640, 380]) + FIGURE
    xy, score = np.broadcast_to(place, (num, 17, 2)), np.full((num, 17), 0.9)
    frame = np.arange(num)
    ids = np.where(frame % 20 < 15, 0, 1 + frame // 20)
    flickering = Detections(frame, xy, score, score, np.ones(num), ids)
    start = time.process_time()
    labels, became = label_people(flickering, 2)  # too seldom to be one another
    assert (labels == 0).all() and len(became) == num // 20
    assert time.process_time() - start < 8


@pytest.mark.parametrize("seed", range(20))
def test_turns_are_those_of_whole_tracks(seed):
    """Every track is held against all that is one with the first, row by row."""
    rng = np.random.default_rng(seed)
    num = int(rng.integers(20, 120))
    spot = rng.random(num)
    labels = rng.integers(0, 12, num) // rng.integers(1, 4)

    def follows(last, first):
        return bool((np.abs(spot[last] - spot[first]) < 0.9).all())

    rows_of = rows_by_label(labels)
    expected = {}
    tracks = sorted(rows_of, key=lambda track: rows_of[track][0])
    for i, track in enumerate(tracks):
        one = rows_of[track]
        for other in [] if track in expected else tracks[i + 1 :]:
            rows = rows_of[other]
            both = np.sort(np.concatenate([one, rows]))
            turns = np.flatnonzero(np.diff(np.isin(both, rows)))
            begins = one[-1] > rows[0] and follows(one[one < rows[0]][-1], rows[0])
            if other not in expected and begins and follows(both[turns], both[turns + 1]):
                expected[other], one = track, both
    assert take_turns(rows_of, follows) == expected
