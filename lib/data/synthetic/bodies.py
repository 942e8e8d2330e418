"""Made-up athletes: segment lengths with sex, stature and individual spread.

Segment ratios to stature follow Drillis & Contini (1966) as tabled by Winter, Biomechanics and
Motor Control of Human Movement. Widths are those of joint centres, which lie inside the bony
breadths of that table; the trunk and head points follow the places of motion-capture joints.
"""

from dataclasses import dataclass

import numpy as np

SEXES = ("female", "male")

# (mean, standard deviation) of stature in metres, cut at two deviations.
_STATURE_M = {"female": (1.66, 0.055), "male": (1.79, 0.06)}

# Ratio to stature: {name: (female, male)}. Individual spread is added in `make_body`.
_RATIO = {
    "thigh_m": (0.245, 0.245),
    "shank_m": (0.246, 0.246),
    "upper_arm_m": (0.184, 0.186),
    "forearm_m": (0.143, 0.146),
    "hip_half_m": (0.055, 0.052),
    "shoulder_half_m": (0.094, 0.102),
    "lumbar_m": (0.132, 0.132),
    "thorax_m": (0.150, 0.152),
    "head_m": (0.172, 0.170),
    "foot_m": (0.150, 0.152),
    "ankle_height_m": (0.039, 0.039),
    "hand_m": (0.100, 0.104),
}
_WIDE_SPREAD = ("hip_half_m", "shoulder_half_m")


@dataclass(frozen=True)
class Body:
    """Segment lengths in metres; the left and right side are alike."""

    sex: str
    stature_m: float
    """Standing height the segments were scaled from."""
    thigh_m: float
    shank_m: float
    upper_arm_m: float
    forearm_m: float
    hip_half_m: float
    """Half the distance between the hip joint centres."""
    shoulder_half_m: float
    """Sideways distance of a shoulder joint centre from the neck base."""
    lumbar_m: float
    """Pelvis point to mid spine."""
    thorax_m: float
    """Mid spine to neck base, which lies at shoulder level."""
    head_m: float
    """Neck base to crown."""
    foot_m: float
    """Heel point to tip of the toes."""
    ankle_height_m: float
    hand_m: float
    """Wrist to fingertips."""

    @property
    def arm_m(self) -> float:
        return self.upper_arm_m + self.forearm_m

    @property
    def leg_m(self) -> float:
        return self.thigh_m + self.shank_m

    @property
    def hip_drop_m(self) -> float:
        """How far the hip joints lie below the pelvis point."""
        return 0.010 * self.stature_m

    @property
    def shoulder_offset_m(self) -> tuple[float, float]:
        """Mid-shoulder from the neck base in the thorax: (forward, up)."""
        return 0.004 * self.stature_m, -0.010 * self.stature_m


def make_body(rng: np.random.Generator | int, sex: str | None = None) -> Body:
    """Draw one athlete. rng: generator or seed; sex: 'female', 'male' or None for either.

    Spread: stature as in adults; leg length 1.5 %, arm length 1.5 %, single segments 1.5 %,
    widths 5 % (standard deviations, cut at two). Raises ValueError on another sex.
    """
    rng = np.random.default_rng(rng)
    if sex is None:
        sex = SEXES[int(rng.integers(2))]
    if sex not in SEXES:
        raise ValueError(f"sex is {sex!r}; {' or '.join(SEXES)} would do")
    mean, deviation = _STATURE_M[sex]
    stature = mean + deviation * _draw(rng)
    limb = {"leg": 1 + 0.015 * _draw(rng), "arm": 1 + 0.015 * _draw(rng)}
    lengths = {}
    for name, ratios in _RATIO.items():
        spread = 0.05 if name in _WIDE_SPREAD else 0.015
        factor = 1 + spread * _draw(rng)
        if name in ("thigh_m", "shank_m"):
            factor *= limb["leg"]
        elif name in ("upper_arm_m", "forearm_m", "hand_m"):
            factor *= limb["arm"]
        lengths[name] = float(stature * ratios[SEXES.index(sex)] * factor)
    return Body(sex=sex, stature_m=float(stature), **lengths)


def _draw(rng: np.random.Generator) -> float:
    """A standard normal number cut at two deviations."""
    return float(np.clip(rng.standard_normal(), -2, 2))
