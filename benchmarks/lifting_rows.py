"""The rows of the table of lifting errors: sets of takes, and under which conditions."""

from dataclasses import dataclass

from benchmarks.lifting_disturbances import (
    LostFrames,
    LostJoints,
    Never,
    behind_body,
    behind_held_plates,
    behind_rack,
    behind_shouldered_plates,
)
from benchmarks.lifting_scenes import Condition, TakeSet
from lib.data.windows import SourceConfig

SPLIT = "configs/splits/motion17.yaml"
LIFTS = ["squat", "deadlift", "pushup"]
SQUATS = ["squats", "squatsAsym"]
"""Labels of the recorded squats on the test side: 16 repetitions of two people."""
AZIMUTHS_DEG = {
    "front": 0.0,
    "45 degrees": 45.0,
    "side": 90.0,
    "behind, oblique": 135.0,
    "back": 180.0,
}


@dataclass(frozen=True)
class Row:
    """One line."""

    section: str
    title: str
    conditions: tuple[Condition, ...]
    """Their sequences taken together."""
    groups: tuple[str, ...] | None = None
    """Only these."""
    only: str | None = None
    """Frames that count: 'lost', or 'nominal' = seen within 30 degrees of the azimuth meant."""

    @property
    def name(self) -> str:
        """For choosing rows."""
        return f"{self.section}: {self.title}"


def take_sets(mocap: str, fit3d: str, is_quick: bool) -> dict[str, TakeSet]:
    """What is looked at; quick = a part of it, cut shorter."""
    held_out = SourceConfig(mocap, split=SPLIT, side="test")
    squats = SourceConfig(mocap, split=SPLIT, side="test", actions=SQUATS)
    athletes = SourceConfig(fit3d, subjects=["s08", "s09"], actions=LIFTS)
    few = 4 if is_quick else 1
    return {
        "held out": TakeSet(held_out, few, 50 if is_quick else 100),
        "some held out": TakeSet(held_out, 3 * few, 50 if is_quick else 80),
        "squats": TakeSet(squats, 1, 100 if is_quick else 400),
        "made up": TakeSet(athletes, 4 * few, 300 if is_quick else 0),
    }


def _people() -> list[Row]:
    noises = {"perfect 2D": None, "published noise": "published", "fitted noise": "fitted"}
    rows = [
        Row("held-out people", title, (Condition("held out", noise),))
        for title, noise in noises.items()
    ]
    for group in ("cmu_c", "opencap_6", "nimble"):
        for title in ("published noise", "fitted noise"):
            condition = (Condition("held out", noises[title]),)
            rows.append(Row("held-out people", f"{group}, {title}", condition, groups=(group,)))
    return rows


def _views() -> list[Row]:
    some, noise = "some held out", "fitted"
    rows = [
        Row("camera", name, (Condition(some, noise, azimuth_deg=deg),), only="nominal")
        for name, deg in AZIMUTHS_DEG.items()
    ]
    rows += [
        Row("camera", f"{deg:g} degrees above", (Condition(some, noise, elevation_deg=deg),))
        for deg in (-10.0, 10.0, 25.0, 40.0)
    ]
    return rows + [
        Row("frame rate", f"{fps:g} fps", (Condition(some, noise, fps=fps),))
        for fps in (10.0, 15.0, 24.0, 30.0, 60.0)
    ]


def _unseen() -> list[Row]:
    def row(section, title, disturbance, only=None):
        condition = Condition("some held out", "fitted", disturbance=disturbance)
        return Row(section, title, (condition,), only=only)

    lost = "missing frames"
    rows = [row(lost, "none", None)]
    for share in (0.1, 0.3, 0.5):
        rows.append(row(lost, f"{100 * share:.0f} % one by one", LostFrames(share)))
    for gap_s in (0.2, 0.5, 1.0):
        name, gaps = f"20 % in gaps of {gap_s:g} s", LostFrames(0.2, gap_s)
        rows += [row(lost, name, gaps), row(lost, name + ", in the gaps", gaps, "lost")]
    hidden, behind = "hidden joints", "behind things"
    legs, arm = ("lknee", "lankle", "rknee", "rankle"), ("lelbow", "lwrist")
    return [
        *rows,
        row(hidden, "10 % of joints", LostJoints(0.1)),
        row(hidden, "30 % of joints", LostJoints(0.3)),
        row(hidden, "wrists never", Never(("lwrist", "rwrist"))),
        row(hidden, "one arm never", Never(arm)),
        row(hidden, "ankles never", Never(("lankle", "rankle"))),
        row(hidden, "knees and ankles never", Never(legs)),
        row(hidden, "head never", Never(("nose", "head"))),
        row(behind, "nothing", None),
        row(behind, "plates of a bar in the hands", behind_held_plates),
        row(behind, "plates of a bar on the shoulders", behind_shouldered_plates),
        row(behind, "posts of a rack", behind_rack),
        row(behind, "the own body", behind_body),
    ]


def _squats() -> list[Row]:
    def seen(noise, names=tuple(AZIMUTHS_DEG), disturbance=None):
        return tuple(
            Condition("squats", noise, AZIMUTHS_DEG[name], 5.0, disturbance=disturbance)
            for name in names
        )

    rows = [Row("squats", "published noise, 5 views", seen("published"))]
    rows.append(Row("squats", "fitted noise, 5 views", seen("fitted")))
    rows += [Row("squats", f"fitted noise, {n}", seen("fitted", (n,))) for n in AZIMUTHS_DEG]
    for name, title, thing in (
        ("side", "plates on the shoulders", behind_shouldered_plates),
        ("45 degrees", "posts of a rack", behind_rack),
    ):
        rows.append(Row("squats", f"{name}, {title}", seen("fitted", (name,), thing)))
    return rows


def _lifts() -> list[Row]:
    return [
        Row("made-up lifts", title, (Condition("made up", noise),))
        for title, noise in (("published noise", "published"), ("fitted noise", "fitted"))
    ]


PHONE = Row("phone", "opencap_sts, real detections", ())
"""Measured by its own code."""


def all_rows() -> list[Row]:
    """The table, top to bottom."""
    return [*_people(), *_views(), *_unseen(), *_squats(), *_lifts(), PHONE]
