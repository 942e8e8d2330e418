"""How a made-up lifter lifts, when, and what is wrong with it. T frames."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Style:
    """How one lifter lifts."""

    depth_deg: float
    """Bend of the knee (squat) or elbow (push-up, bench press) in the loaded position."""
    top_deg: float
    """The same in the unloaded one."""
    stance_m: float
    grip_m: float
    """Between the wrists."""
    lean_deg: float
    """Trunk at a deadlift's start."""
    shin_share: float
    """Part of the knee's bend that the shin leans by."""
    bar_back_m: float
    """Bar on the back, behind the neck's base."""
    bar_low_m: float
    """Height of the wrists at the bar on the floor or on blocks."""
    flare_deg: float
    sag_deg: float


@dataclass(frozen=True)
class Faults:
    """Sizes of injected faults; 0 or None: none. See lift_suite.film."""

    knee_valgus_m: float = 0.0
    hip_shift_m: float = 0.0
    trunk_lean_deg: float = 0.0
    hips_first_deg: float = 0.0
    hips_shoot_deg: float = 0.0
    bar_drift_m: float = 0.0
    sag_deg: float = 0.0
    flare_deg: float | None = None
    depth_share: float = 1.0
    missed_lockout_deg: float = 0.0
    knee_asymmetry_deg: float = 0.0
    arms_bent_deg: float = 0.0
    bar_tilt_deg: float = 0.0
    bounce_share: float = 0.0


@dataclass(frozen=True)
class Script:
    """What happens when."""

    phase: np.ndarray
    """(T,)"""
    lifted: np.ndarray
    """(T,) share of the way up that is done; 0 unless the lifter is on it."""
    dose: np.ndarray
    """(T,) 0 to 1: how much of the faults' sizes this moment has."""


NO_FAULTS = Faults()


def draw_style(lift: str, rng: np.random.Generator, is_shifted: bool) -> Style:
    """An ordinary lifter, or one of the shifted range."""
    wide = bool(is_shifted)
    stance = rng.uniform(0.22, 0.80) if wide else rng.uniform(0.30, 0.46)
    is_sumo = lift == "deadlift" and stance > 0.55
    grip = {
        "squat": rng.uniform(0.70, 0.95),
        "deadlift": rng.uniform(0.38, 0.46) if is_sumo else max(0.50, stance + 0.16),
        "pushup": 0.5,  # follows from the elbows
        "bench_press": rng.uniform(0.60, 0.85) if wide else rng.uniform(0.65, 0.78),
    }[lift]
    lean = rng.uniform(48, 60) if is_sumo else rng.uniform(*((56, 74) if wide else (62, 70)))
    return Style(
        depth_deg=rng.uniform(75, 115) if wide else rng.uniform(95, 115) + 5 * (lift == "squat"),
        top_deg=rng.uniform(3, 9) if wide else rng.uniform(3, 6),
        stance_m=stance if lift in ("squat", "deadlift") else rng.uniform(0.1, 0.4),
        grip_m=grip,
        lean_deg=lean,
        shin_share=rng.uniform(0.20, 0.40) if wide else rng.uniform(0.27, 0.36),
        bar_back_m=rng.uniform(0.02, 0.09) if wide else rng.uniform(0.03, 0.06),
        bar_low_m=rng.uniform(0.26, 0.36) if wide else rng.uniform(0.28, 0.31),
        flare_deg=rng.uniform(15, 85) if wide else rng.uniform(35, 60),
        sag_deg=rng.uniform(-8, 15) if wide else rng.uniform(-3, 4),
    )  # fmt: skip
