"""What benchmarks/reps.py tells beside the counts.

Does the gate name the lift (R18), what is counted in random movement if no lift is named, and are
partial and failed repetitions flagged so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.counting import Case, match, wilson
from benchmarks.lift_suite import Film
from lib.analysis.exercises import UNKNOWN, exercise_names, load_exercise
from lib.analysis.records import RepCount
from lib.analysis.reps import count_on, guess_on
from lib.analysis.track import prepare
from lib.analysis.unknown import count_unknown

FLAGS = ("partial", "failed")
FLAGGED = ("partials", "missed_lockout", "bounce_or_failure")
"""Cases that have such repetitions."""
LEAST_IOU = 0.3
"""Overlap at which a repetition found is that of the truth."""
NOTHING = ""
"""The quality of a repetition that has no partner."""


@dataclass(frozen=True)
class Unasked:
    """Of one recording of the suite."""

    guess: str
    """The gate's: an exercise or 'unknown'."""
    num_nameless: int
    """Repetitions counted as the guess."""
    pairs: tuple[tuple[str, str], ...]
    """(quality of the true repetition, of the one found, told the exercise); NOTHING for none."""


def unasked(film: Film) -> Unasked:
    """Told nothing: the gate's guess and the count as that. Told the lift: the qualities."""
    track = prepare(film.pose)
    guess, _ = guess_on(track)
    told = count_on(track, load_exercise(film.lift))
    known = None if guess == UNKNOWN else load_exercise(guess)
    nameless = count_unknown(track) if known is None else count_on(track, known)
    return Unasked(guess, nameless.num_reps, quality_pairs(film, told))


def quality_pairs(film: Film, count: RepCount) -> tuple[tuple[str, str], ...]:
    """See Unasked.pairs. Failed and suspect ones are matched too."""
    fps = film.pose.fps
    true = np.array([(rep.start_s, rep.end_s) for rep in film.reps]).reshape(-1, 2)
    found = np.array([(rep.start_frame, rep.end_frame) for rep in count.reps]).reshape(-1, 2) / fps
    i_true, i_found, _ = match(Case(true, found), LEAST_IOU)
    pairs = [(film.reps[i].quality, count.reps[j].quality)
             for i, j in zip(i_true, i_found, strict=True)]  # fmt: skip
    pairs += [(rep.quality, NOTHING) for i, rep in enumerate(film.reps) if i not in i_true]
    pairs += [(NOTHING, rep.quality) for j, rep in enumerate(count.reps) if j not in i_found]
    return tuple(pairs)


def gate_lines(seen: Mapping[tuple[str, str], Sequence[Unasked]], idle: Sequence[str]) -> list[str]:
    """Guesses by lift; `idle` are the cases without a repetition, of which unknown is right.

    seen: (lift, case) to what was told.
    """
    names = [*exercise_names(), UNKNOWN]
    rows: dict[str, Counter[str]] = {}
    wrong: Counter[str] = Counter()
    right = num = 0
    for (lift, case), part in seen.items():
        guesses = Counter(one.guess for one in part)
        row = f"none: {case}" if case in idle else lift
        rows.setdefault(row, Counter()).update(guesses)
        if case not in idle:
            right, num = right + guesses[lift], num + len(part)
            wrong[case] += len(part) - guesses[lift]
    lines = [f"{'lift, taken for':18s} " + " ".join(f"{name:>12s}" for name in names)]
    for row in sorted(rows, key=lambda name: name.startswith("none")):
        lines.append(f"{row:18s} " + " ".join(f"{rows[row][name]:12d}" for name in names))
    low, high = wilson(right, num)
    share = right / num if num else float("nan")
    lines.append(f"lift named right: {share:.4f} ({low:.4f}-{high:.4f}) n={num}; "
                 f"not: {_told(wrong)}")  # fmt: skip
    return lines


def _told(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {num}" for name, num in numbers.items() if num) or "none"


def nameless_line(wild: Sequence[Unasked]) -> str:
    """False repetitions in random movement if no lift is named, and what it was taken for."""
    false = sum(one.num_nameless for one in wild)
    reps: Counter[str] = Counter()
    for one in wild:
        reps[one.guess] += one.num_nameless
    taken = Counter(one.guess for one in wild)
    clean = sum(one.num_nameless == 0 for one in wild)
    low, high = wilson(clean, len(wild))
    share = clean / max(len(wild), 1)
    return (
        f"random movement, no lift named: {false} false in {len(wild)}, "
        f"{false / max(len(wild), 1):.3f} each; none in {share:.4f} ({low:.4f}-{high:.4f}); "
        f"taken for {_told(taken)}; false by that: {_told(reps)}"
    )


def flag_lines(seen: Mapping[tuple[str, str], Sequence[Unasked]]) -> list[str]:
    """Precision and recall of the flags, by case that has such repetitions, by lift in these, and
    over all cases."""
    lines = [f"{'':24s} " + " ".join(f"{flag + ': true':>13s} told  prec recall" for flag in FLAGS)]
    groups = {case: [key for key in seen if key[1] == case] for case in FLAGGED}
    groups |= {f"{lift}, these cases": [key for key in seen if key[0] == lift and key[1] in FLAGGED]
               for lift in dict.fromkeys(lift for lift, _ in seen)}  # fmt: skip
    groups |= {"these cases": [key for key in seen if key[1] in FLAGGED], "all cases": list(seen)}
    for name, keys in groups.items():
        pairs = [pair for key in keys for one in seen[key] for pair in one.pairs]
        if keys:
            lines.append(f"{name:24s} " + " ".join(_flag_text(pairs, flag) for flag in FLAGS))
    return lines


def _flag_text(pairs: Sequence[tuple[str, str]], flag: str) -> str:
    """How many there are, how many are told, precision and recall."""
    true = sum(a == flag for a, _ in pairs)
    told = sum(b == flag for _, b in pairs)
    both = sum(a == b == flag for a, b in pairs)
    shares = [f"{both / num:.3f}" if num else "-" for num in (told, true)]
    return f"{true:13d} {told:4d} {shares[0]:>5s} {shares[1]:>6s}"
