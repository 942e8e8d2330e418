"""What an exercise file may say about a metric: the part of configs/exercises read by
`lib.analysis.metrics`. Lengths are in thigh lengths, angles in degrees."""

from collections.abc import Iterable
from dataclasses import field
from typing import Literal, get_args

from lib.analysis.measures import MEASURES, VECTORS
from lib.config import check_range, configclass
from lib.skeleton import JOINTS

View = Literal["front", "front_oblique", "side", "back_oblique", "back"]
Unit = Literal["deg", "femur", "length", "velocity", "ratio", "percent", "s", "count", "bool"]
Side = Literal["both", "left", "right"]

Timed = Literal[
    "range_of_motion", "mean_velocity", "loss_velocity", "peak_velocity", "sticking_depth",
    "near_minimum_velocity", "tempo_ratio", "pause_at_turn", "lockout_lag",
]  # fmt: skip
"""Measures of a whole repetition, `lib.analysis.timed`."""
OfSet = Literal["variation", "trend", "velocity_loss", "distance_to_mean"]
"""Measures of a whole set, `lib.analysis.setwise`."""

Instant = Literal["loaded", "lockout", "lift_off", "knee_pass", "risen_40"]
Span = Literal["rep", "descent", "ascent", "first_rise", "lift", "first_pull", "second_pull"]
INSTANTS: tuple[str, ...] = get_args(Instant)
Take = Literal["max", "min", "mean", "largest", "drift", "travel", "rise", "falls", "share"]
Minus = Literal["standing", "loaded", "lift_off", "eccentric"]

FIT: dict[str, float] = {"deg": 0.5, "femur": 0.01, "length": 0.01, "velocity": 0.01, "ratio": 0.02,
                         "percent": 1.0, "s": 0.04, "count": 0.1, "bool": 0.0}  # fmt: skip
_NUMBERS = [name for name in MEASURES if name not in VECTORS]
STRAIGHT_DEG = {"elbow": 12.0, "knee_or_hip": 16.0}
"""What noise makes of straight ones, by measure (sim). Whoever never comes straighter does not lock
out: it is not how the body is."""


def _check_known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise ValueError(f"{what} '{name}': there is none; known: {', '.join(known)}")


@configclass
class Threshold:
    """Where a value turns from ok to warn to fault; the order of the numbers is the direction."""

    ok: float
    source: str
    """Where the numbers come from: a rule, a paper, a simulation, or plainly a choice."""
    fault: float | None = None
    """None: never a fault."""
    warn: float | None = None
    """The end of what is only a warning's beginning; default: ok."""
    centre: float = 0.0
    """A value that nobody would object to; strictness moves the limits towards it."""
    both_ways: bool = False
    """The limits are distances from `centre`, on either side of it."""
    shift: float = 0.0
    """Added to ok, warn and fault: calibration of a detector or a camera."""

    def __post_init__(self) -> None:
        if self.fault is None and self.warn is None:
            raise ValueError(
                "fault or warn must be given: a limit that is never passed judges nothing"
            )
        sign = 1.0 if self.both_ways or self.end > self.ok else -1.0
        way = [sign * limit for limit in (self.ok, self.begin, self.end)]
        if way != sorted(way) or (way[0] == way[2] and not self.both_ways):
            raise ValueError("ok, warn and fault must go one way, which is the direction")
        if not self.both_ways and sign * self.centre > way[0]:
            raise ValueError(f"centre {self.centre:g}: must be on the side of ok, away from fault")

    @property
    def begin(self) -> float:
        """Beyond it a value is a warning."""
        return self.ok if self.warn is None else self.warn

    @property
    def end(self) -> float:
        """The last limit."""
        return self.begin if self.fault is None else self.fault


@configclass
class Condition:
    """A metric is judged only where another measure is in range; else it is information."""

    measure: str
    at: Instant
    min: float = float("-inf")
    max: float = float("inf")

    def __post_init__(self) -> None:
        _check_known("measure", self.measure, _NUMBERS)


@configclass
class MetricRule:
    """One number a rep."""

    name: str
    """What a table calls it."""
    measure: str
    """A measure of a pose (`lib.analysis.measures`) or of a whole rep (Timed)."""
    unit: Unit
    """length: metres where the scale is known, else femur; velocity likewise a second."""
    at: Instant | Span = "rep"
    """Moment it is taken, positions averaged over 0.2 s; or the stretch it is taken over."""
    take: Take = "max"
    """What is taken of a stretch. mean: of its mean pose; largest: furthest from 0; drift: 95th
    minus 5th percentile; travel: 97th minus 3rd of a vector; rise: most above an earlier value;
    falls: how often it falls by `size` and rises again; share: change of the first over that of the
    second of two numbers."""
    minus: Minus | None = None
    """What is subtracted: the same measure at that moment; eccentric: on the way down with the hips
    at the same height."""
    offset: float = 0.0
    """Added at last."""
    size: float = 0.0
    """Of a fall that counts; of the least second change for a share."""
    side: Side = "both"
    sigma: dict[View, float] = field(default_factory=dict)
    """One standard deviation in each view; a view left out is not measurable."""
    bias: dict[View, float] = field(default_factory=dict)
    """Mean error in a view at the reference noise, subtracted in proportion to the noise; of the
    largest from 0, from its size."""
    floor: dict[View, float] = field(default_factory=dict)
    """What noise makes of a 0, subtracted in quadrature: for sizes."""
    delta_share: float = 0.7
    """Part of sigma that differs from rep to rep; the rest stays in a set's mean."""
    sigma_fit: float | None = None
    """What remains with perfect views and gravity; all there is for calibrated 3D. Default by unit:
    FIT."""
    sigma_relative: float = 0.0
    """A further share of the value."""
    needs_up: bool = False
    up_gain: float = 0.0
    """Change of the value per degree of error of the up vector."""
    needs: tuple[str, ...] = ()
    """Joints that must be seen themselves; elsewhere one side stands in for the other."""
    min_score: float = 0.0
    """Not measurable where the detector scored one of them so or lower, on the average."""
    threshold: Threshold | None = None
    """None: information only."""
    judged_if: Condition | None = None
    borderline_is_info: bool = False
    """A value beyond `ok` but short of `fault` is information, not a warning."""
    over_straightest_deg: float | None = None
    """Subtract the recording's straightest, less this allowance; of a measure in STRAIGHT_DEG."""
    except_variant: str = ""
    """Variant of the exercise for which the metric means nothing."""
    joints: tuple[str, ...] = ()
    """Lit up with a finding."""
    cue: str = ""
    """One sentence for the lifter when it is off."""
    cue_below: str = ""
    """The sentence for a value below the centre of limits that are on either side of it."""
    fault: str = ""
    """Shared by metrics that tell the same fault: it is one finding."""

    def __post_init__(self) -> None:
        limits = self.threshold
        check_range(self, 0, 1, "delta_share", "min_score")
        if self.min_score and not self.needs:
            raise ValueError("min_score goes with needs: the joints whose scores it is about")
        if bool(self.cue_below) != bool(limits and limits.both_ways and self.cue):
            raise ValueError("cue_below goes with a cue and limits both_ways, and they with it")
        if self.over_straightest_deg is not None and self.measure not in STRAIGHT_DEG:
            raise ValueError(f"over_straightest_deg goes with measure {' or '.join(STRAIGHT_DEG)}")
        _check_known("measure", self.measure, (*MEASURES, *get_args(Timed)))
        for name in (*self.needs, *self.joints):
            _check_known("joint", name, JOINTS)
        takes = VECTORS.get(self.measure, [how for how in get_args(Take) if how != "share"])
        wants_one = self.at in INSTANTS or self.minus == "eccentric"
        if self.take not in takes or (wants_one and self.measure in VECTORS):
            raise ValueError(f"measure '{self.measure}': over a stretch take {' or '.join(takes)}")

    @property
    def fit(self) -> float:
        """`sigma_fit` or its default."""
        return FIT[self.unit] if self.sigma_fit is None else self.sigma_fit

    @property
    def moment(self) -> str:
        """Short for when and how it is taken: 'loaded', 'ascent min minus eccentric'."""
        words = [self.at]
        if self.at not in INSTANTS and self.take != "max":
            words.append(self.take)
        return " ".join(words) + (f" minus {self.minus}" if self.minus else "")


@configclass
class SetRule:
    """One number a set."""

    name: str
    measure: OfSet
    unit: Literal["percent", "deg", "deg/rep", "femur"]
    of: str = ""
    """The metric of its reps that it looks at."""
    min_reps: int = 3
    sigma: float = 0.0
    """One standard deviation with 5 reps at the reference noise; FIT for the world frame."""
    floor: float = 0.0
    """What the reference noise makes of a 0, subtracted in quadrature."""
    threshold: Threshold | None = None
    joints: tuple[str, ...] = ()
    cue: str = ""

    def __post_init__(self) -> None:
        for name in self.joints:
            _check_known("joint", name, JOINTS)


@configclass
class VariantRule:
    """How a recording is told to be a variant of the exercise."""

    above: str
    below: str
    measure: str
    at: Instant
    limit: float
    sigma: dict[View, float] = field(default_factory=dict)
    """A view left out cannot tell; nor a value closer to the limit than sigma."""
    every_rep: bool = False
    """All reps must be above the limit, not their median."""

    def __post_init__(self) -> None:
        _check_known("measure", self.measure, _NUMBERS)


@configclass
class Path:
    """Which points' heights tell how a rep moves."""

    point: Literal["hip", "shoulder", "wrist"] = "hip"
    """Its vertical range is the range of motion."""
    bar: Literal["neck", "wrist"] = "neck"
    """Stands for the bar."""
    over: Literal["ankle", "wrist", "shoulder"] = "ankle"
    """What stands still: heights are taken from it."""
    min_velocity_m_s: float | None = None
    """Mean concentric velocity of a single with all one can lift."""
    min_velocity_sd_m_s: float | None = None
    """Its standard deviation among lifters."""
