"""The ways of counting that the benchmarks compare, each from a pose to cycles in frames.

A cycle is contiguous within a set, pauses shared, as Fit3D annotates and AIFit cuts; (K, 2) start
and exclusive end. Only `told` knows anything of the truth: the exercise's name, as a person who
picks it. `recognised` is given the pose alone and chooses one exercise, once, before it counts
(defect RS6: the best of all classes against the true count is no result).
"""

import numpy as np

from lib.analysis.aifit import segment_aifit
from lib.analysis.exercises import UNKNOWN, exercise_names
from lib.analysis.records import COUNTED, RepCount
from lib.analysis.reps import count_reps, guess_exercise
from lib.analysis.tempo import cycle_cuts
from lib.pose import Pose3D


def rows(intervals: list[tuple[int, int]]) -> np.ndarray:
    """(K, 2), also of none."""
    return np.asarray(intervals, float).reshape(-1, 2)


def active_intervals(count: RepCount) -> np.ndarray:
    """(K, 2) counted repetitions from their first movement to their last."""
    return rows([(r.start_frame, r.end_frame) for r in count.reps if r.quality in COUNTED])


def cycles(count: RepCount) -> np.ndarray:
    """(K, 2) counted repetitions cut contiguously within each set."""
    sets = ([rep for rep in row if rep.quality in COUNTED] for row in count.sets)
    return rows([cut for row in sets for cut in cycle_cuts(row)])


def told(pose: Pose3D, exercise: str) -> np.ndarray:
    """Cycles of the named exercise; of whatever repeats for one that no file describes."""
    return cycles(count_reps(pose, exercise if exercise in exercise_names() else UNKNOWN))


def recognised(pose: Pose3D) -> np.ndarray:
    """Cycles of the exercise that the motion looks like."""
    name, _ = guess_exercise(pose)
    return cycles(count_reps(pose, name))


def aifit(pose: Pose3D) -> np.ndarray:
    """AIFit's intervals, untuned, from the same cleaned pose."""
    return rows(segment_aifit(pose))


def constant(pose: Pose3D, num: int) -> np.ndarray:
    """`num` equal parts of the whole recording: what always answering `num` is worth."""
    marks = np.linspace(0, len(pose.xyz), num + 1)
    return np.stack([marks[:-1], marks[1:]], axis=1)
