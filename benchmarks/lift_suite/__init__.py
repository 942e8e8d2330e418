"""Synthetic lifts with known repetitions, moments and faults: the counter's and the form's exam.

    from benchmarks.lift_suite import Faults, film, film_of
    one = film_of("dev", "squat", "five", yaw_deg=45, fps=30, i_draw=0)
    count_reps(one.pose, "squat").num_reps == one.num_counted

Nothing is shared with lib/data/synthetic, which makes training data, or with tests/moving_body.py.
"""

from benchmarks.lift_suite.filming import STARTS_LOADED, STREAMS, Film, film, film_of, generator
from benchmarks.lift_suite.style import Faults

__all__ = ["STARTS_LOADED", "STREAMS", "Faults", "Film", "film", "film_of", "generator"]
