"""What a body rests on, and its path through space with that held still. numpy and scipy.

A lifter knows a pose well and its place roughly, so that planted feet skate and sink. Here the
frames are found in which a foot or hand is planted, and the whole body is moved so that it stays
where it is: no joint is bent. T frames, J = 17 joints, K stances.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_closing, binary_opening
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

from lib.body import leg_length, middle
from lib.signals import fill_gaps, finite_runs, lowpass
from lib.skeleton import JOINT, NUM_JOINTS

FEET, HANDS = ("lankle", "rankle"), ("lwrist", "rwrist")
SPEED_PER_S = 0.35
"""A planted joint is slower, leg lengths a second: noise of a still one stays below, the slowest
part of a step does not."""
DEPTH_SHARE = 0.3
"""How much of the speed along the line of sight counts: a lifted pose's distance is uncertain."""
CUTOFF_HZ = 4.0
LEAST_S, GAP_S = 0.15, 0.1
"""A shorter stance is none (the highest point of a jump), a shorter gap in one is none."""
UNSEEN_S = 1.0
"""A joint unseen for this long stayed where it was if it is seen there again."""
STEP = 0.125
"""A planted joint that has gone this far, leg lengths, is planted at another place."""
HANDS_AWAY, HANDS_LOW = 0.8, 0.35
"""Hands carry the body where they are this far from the feet along the floor, and no more than this
above or below them, leg lengths."""
HELD_M, PLACED_M, DEPTH_M = 0.01, 0.05, 0.5
"""How exactly a planted joint stays, and how far the given place may be off across and along the
line of sight, per leg length: one standard deviation of a frame."""
SMOOTH_PER_S2 = 1.5
"""Acceleration of the correction, leg lengths: slower than steps, faster than breathing."""


@dataclass(frozen=True)
class Stances:
    """When which joint is planted."""

    number: dict[str, np.ndarray]
    """Joint -> (T,) number of the stance, -1 where it is not planted."""

    @property
    def num(self) -> int:
        """K."""
        return 1 + max((int(n.max(initial=-1)) for n in self.number.values()), default=-1)

    @property
    def is_planted(self) -> np.ndarray:
        """(T, 17) joints in a stance."""
        planted = np.zeros((len(self.number[FEET[0]]), NUM_JOINTS), bool)
        for name, number in self.number.items():
            planted[:, JOINT[name]] = number >= 0
        return planted


def find_stances(xyz: np.ndarray, up: np.ndarray, fps: float, *, frame: str = "camera") -> Stances:
    """Planted joints of a motion (T, 17, 3) with its place, NaN = unknown; up (3,) unit.

    A joint is planted while it hardly moves for LEAST_S or longer; hands only where they carry the
    body. frame 'world': its place is known in all directions.
    """
    leg = leg_length(xyz) or float("nan")
    number, first = {}, 0
    on_hands = _on_hands(xyz, up, leg)
    for name in FEET + HANDS:
        place = xyz[:, JOINT[name]] / leg
        place = lowpass(fill_gaps(place, round(UNSEEN_S * fps)), fps, CUTOFF_HZ)
        if frame == "camera":
            place = place * (1, 1, DEPTH_SHARE)
        is_still = _speed(place, fps) < SPEED_PER_S
        if name in HANDS:
            is_still &= on_hands
        number[name] = _numbered(_steady(is_still, fps), place, first)
        first = max(first, int(number[name].max(initial=-1)) + 1)
    return Stances(number)


def _speed(place: np.ndarray, fps: float) -> np.ndarray:
    """(T,) length of the change a second; 0 for a single frame."""
    if len(place) < 2:
        return np.where(np.isfinite(place).all(-1), 0.0, np.nan)
    return np.linalg.norm(np.gradient(place, axis=0), axis=-1) * fps


def _on_hands(xyz: np.ndarray, up: np.ndarray, leg: float) -> np.ndarray:
    """(T,) frames in which the hands rest on the floor in front of the feet."""
    reach = middle(xyz, "wrist") - middle(xyz, "ankle")
    height = reach @ up
    level = np.linalg.norm(reach - height[:, None] * up, axis=-1)
    shoulders = (middle(xyz, "shoulder") - middle(xyz, "wrist")) @ up
    return (level > HANDS_AWAY * leg) & (np.abs(height) < HANDS_LOW * leg) & (shoulders > 0)


def _steady(is_still: np.ndarray, fps: float) -> np.ndarray:
    """Without short gaps and short stances."""
    if len(is_still) < 2:
        return is_still
    gap, least = (max(1, round(s * fps)) for s in (GAP_S, LEAST_S))
    padded = np.pad(is_still, gap + least, mode="edge")
    closed = binary_closing(padded, np.ones(gap + 1))
    return binary_opening(closed, np.ones(least))[gap + least : -(gap + least)]


def _numbered(is_planted: np.ndarray, place: np.ndarray, first: int) -> np.ndarray:
    """(T,) stance numbers from `first` on, -1 between them."""
    number = np.full(len(place), -1)
    for start, stop in finite_runs(is_planted):
        while start < stop:
            end = _end_of_stance(place, start, stop)
            number[start:end] = first
            start, first = end, first + 1
    return number


def _end_of_stance(place: np.ndarray, start: int, stop: int) -> int:
    """The first frame in which the joint is away from where it is in frame `start`, else stop.

    From the stance's own first place, so that what sways is not now in one, now in another.
    """
    at, num = start, 64
    while at < stop:  # in longer and longer parts: time grows with the stance, not with the rest
        part = place[at : min(at + num, stop)]
        is_away = (np.abs(part - place[start]) > STEP).any(-1)
        if is_away.any():
            return at + int(is_away.argmax())
        at, num = at + num, 2 * num
    return stop


def hold(xyz: np.ndarray, stances: Stances, fps: float) -> np.ndarray:
    """(T, 3) what to add to every joint of a frame so that planted joints stay where they are.

    xyz (T, 17, 3) in the camera frame with its place, NaN = unknown. Least squares over the
    correction c and the stances' places a: planted joints p + c = a within HELD_M, c = 0 within
    PLACED_M across and DEPTH_M along the line of sight, and c accelerates by SMOOTH_PER_S2: zero
    where nothing is planted for long. Cost grows with T.
    """
    num, leg = len(xyz), leg_length(xyz)
    if num < 3 or stances.num == 0 or not leg > 0:
        return np.zeros((num, 3))
    rows, columns, places = [], [], []
    for name, number in stances.number.items():
        place = xyz[:, JOINT[name]]
        held = np.flatnonzero((number >= 0) & np.isfinite(place).all(-1))
        rows.append(held)
        columns.append(number[held])
        places.append(place[held] / leg)
    i_frame, i_stance = np.concatenate(rows), num + np.concatenate(columns)
    place, weight = np.concatenate(places), HELD_M**-2.0
    right = np.zeros((num + stances.num, 3))
    np.add.at(right, i_frame, -weight * place)
    np.add.at(right, i_stance, weight * place)
    pairs = ((i_frame, i_frame, 1), (i_stance, i_stance, 1), (i_frame, i_stance, -1),
             (i_stance, i_frame, -1))  # fmt: skip
    contact = sum(
        coo_matrix((np.full(len(a), sign * weight), (a, b)), (len(right),) * 2).tocsc()
        for a, b, sign in pairs
    )
    smooth = _bending(num, len(right), fps)
    order = _in_time(num, len(right), i_frame, i_stance)
    found = np.empty((len(right), 3))
    for axes, off in (((0, 1), PLACED_M), ((2,), DEPTH_M)):
        pull = np.concatenate([np.full(num, off**-2.0), np.full(stances.num, 1e-6)])
        system = (contact + smooth + diags(pull)).tocsc()[order][:, order]
        factors = splu(
            system, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        found[np.ix_(order, axes)] = factors.solve(right[np.ix_(order, axes)])
    return found[:num] * leg


def _in_time(num: int, size: int, i_frame: np.ndarray, i_stance: np.ndarray) -> np.ndarray:
    """Order of the unknowns in which each stance follows its last frame: what is still open at any
    time are two frames and at most a stance a joint, so that the factors are as long as the
    recording and no wider."""
    place = np.arange(size, dtype=float)
    place[num:] = 0
    np.maximum.at(place, i_stance, i_frame + 0.5)
    return np.argsort(place, kind="stable")


def _bending(num: int, size: int, fps: float):
    """(size, size) penalty of the first `num` unknowns' acceleration."""
    second = diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(num - 2, size)) * fps**2
    return (second.T @ second).tocsc() / SMOOTH_PER_S2**2
