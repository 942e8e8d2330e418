"""The part of a recording in which an exercise could be. N samples of a Track."""

from dataclasses import replace
from itertools import chain

import numpy as np

from lib.analysis.cycles import find_moves
from lib.analysis.exercises import Angle
from lib.analysis.form import mean_angle
from lib.analysis.track import Track
from lib.analysis.walking import in_turn, walks

FAR_DEG = 35.0
"""A joint that moves less rests (choice: about the least that any exercise asks for)."""
AROUND_S = 1.0
"""So much of the rest on either side is part of a movement (choice: within 2 s arms are still on
their way to a bar; with none, more of other motion looks like a lift)."""


def _is_walk(track: Track) -> np.ndarray:
    """(N,) bool"""
    is_walk = np.zeros(len(track), bool)
    for start, stop in walks(in_turn(track), track.fps):
        is_walk[start:stop] = True
    return is_walk


def moving_part(track: Track, angle: Angle) -> tuple[Track, int]:
    """The samples around movements of one joint by FAR_DEG or more, and the number of these (there
    and back are two); neither those of a walk. All and 0, where there are none. Of the fields only
    xyz is cut. O(N)."""
    if len(track) < 2:
        return track, 0
    u_deg, around, num_moves = mean_angle(track.xyz, angle), round(AROUND_S * track.fps), 0
    is_walk, is_moving = _is_walk(track), np.zeros(len(track), bool)
    for move in chain(*find_moves(u_deg, np.gradient(u_deg), 0.0, FAR_DEG, track.fps)):
        is_moving[max(0, move.start - around) : move.end + around + 1] = True
        num_moves += not is_walk[(move.start + move.end) // 2]
    is_moving &= ~is_walk
    return (replace(track, xyz=track.xyz[is_moving]) if is_moving.any() else track), num_moves
