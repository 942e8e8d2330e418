"""From a scene to a recording of it: body, movement, faults, camera and flaws put together."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.lift_suite import other
from benchmarks.lift_suite.body import Body, Controls, draw_body, join, place_joints
from benchmarks.lift_suite.camera import Camera, Flaws, spoil
from benchmarks.lift_suite.cases import CASES, LATE_DEG, MORE_CASES, MOST_LEFT, Scene
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.lift_suite.rhythm import PARTIAL_BELOW, Plan, TrueRep, play
from benchmarks.lift_suite.style import NO_FAULTS, Faults, Script, Style, draw_style
from lib.geometry import angle_deg, flexion_deg
from lib.pose import Pose3D
from lib.skeleton import JOINT

STREAMS = {"dev": 101, "shifted_dev": 202, "opened": 303, "opened_2": 404, "opened_3": 505,
           "opened_4": 606, "opened_5": 707, "locked": 808}  # fmt: skip
"""Seeds. dev films the `same` kinematics, the others the `shifted` ones. locked is for the
published table alone: never look at it while anything can still be changed. The opened ones
were locked for earlier tables; since those were read they are for development."""
STARTS_LOADED = ("deadlift",)
BURSTS_PER_MIN = 10.0


@dataclass(frozen=True)
class Film:
    """A recording and everything that is true of it."""

    pose: Pose3D
    """Camera frame, unit 'relative' (in fact metres)."""
    reps: tuple[TrueRep, ...]
    lift: str
    body: Body
    style: Style
    camera: Camera
    flaws: Flaws
    xyz_m: np.ndarray
    """(T, 17, 3) without errors, in the gym: x right, y forward of the lifter, z up."""
    phase: np.ndarray
    """(T,) 0 = unloaded, 1 = loaded; NaN outside the lift."""

    @property
    def num_counted(self) -> int:
        """Full and partial repetitions."""
        return sum(rep.is_counted for rep in self.reps)

    @property
    def up(self) -> np.ndarray:
        """(3,) against gravity, in camera axes."""
        return self.camera.R_world_to_cam[:, 2]


def generator(stream: str, *key: str | int) -> np.random.Generator:
    """Numbers of one stream that no other stream or key shares."""
    words = [zlib.crc32(str(part).encode()) for part in key]
    return np.random.default_rng(np.random.SeedSequence([STREAMS[stream], *words]))


def film_of(stream: str, lift: str, case: str, yaw_deg: float, fps: float, i_draw: int = 0) -> Film:
    """One draw of a cell of the suite; the same arguments give the same film.

    stream out of STREAMS, lift out of LIFTS, case out of CASES or MORE_CASES.
    """
    rng = generator(stream, lift, case, f"{yaw_deg:g}", f"{fps:g}", i_draw)
    scene = (CASES | MORE_CASES)[case](rng, lift in STARTS_LOADED)
    return film(lift, scene, rng, yaw_deg, fps, is_shifted=stream != "dev")


def film(
    lift: str, scene: Scene | Sequence[Plan], rng: np.random.Generator, yaw_deg: float,
    fps: float = 30.0, *, is_shifted: bool = False, faults: Faults = NO_FAULTS,
    style: Style | None = None,
) -> Film:  # fmt: skip
    """Film a scene, or just these repetitions, of one drawn lifter before one drawn camera.

    is_shifted: bodies, depths, stances, elbows, sag, noise and cameras of the wider range, keypoint
    bursts, dropped bars, plates and racks that hide joints.

    faults: every repetition has them times its `Plan.dose` (1 unless said):
      knee_valgus_m       squat: both knees inwards by this much in the first half of the way up
      hip_shift_m         squat: hips to the right, most at the bottom
      trunk_lean_deg      squat: more forward lean, in step with the depth
      hips_first_deg      squat: more lean in the first 40 % of the way up (good-morning)
      knee_asymmetry_deg  squat: right knee bent more than the left at the bottom
      hips_shoot_deg      deadlift: more lean than at lift-off while the bar goes to the knees, as
                          far as straight legs allow it (15 makes about 12.5, 20 about 14.5)
      bar_drift_m         deadlift: the bar forward of its line, most half way up
      arms_bent_deg       deadlift: elbows bent
      bar_tilt_deg        deadlift, bench press: right hand higher than the left during the lift
      sag_deg             push-up: hips below the line shoulders-ankles; negative: above it, a pike
      flare_deg           push-up, bench press: angle of upper arm and trunk as it is to be
      depth_share         all: of the usual way down, below 1 is shallow (deadlift: starts higher)
      missed_lockout_deg  all: bend of knee, hip (deadlift) or elbow left at the end
      bounce_share        all: of the depth that it rebounds and sinks before the way up
    """
    scene = scene if isinstance(scene, Scene) else Scene(tuple(scene))
    body = draw_body(rng, 0.07 if is_shifted else 0.02)
    style = draw_style(lift, rng, is_shifted) if style is None else style
    scene = _with_faults(scene, lift, body, style, faults, rng)
    if is_shifted:
        scene = _shifted(scene, lift, rng)
    controls, phase, reps = _act(scene, lift, body, style, faults, fps, rng)
    xyz_m = place_joints(body, controls)
    camera = _draw_camera(yaw_deg, rng, is_shifted, scene.is_from_behind)
    flaws = scene.flaws
    seen = spoil(camera.sees(xyz_m), np.nan_to_num(phase), fps, flaws, rng)
    known = np.isfinite(seen).all(-1)
    pose = Pose3D(seen, fps, "relative", "camera", known.any(-1), score=known.astype(float))
    sizes = {k: v for k, v in asdict(faults).items() if v != getattr(NO_FAULTS, k)}
    dosed = [replace(r, faults=dict(sizes) if d else {})
             for r, d in zip(reps, _doses(reps, scene), strict=True)]  # fmt: skip
    return Film(pose, tuple(dosed), lift, body, style, camera, flaws, xyz_m, phase)


def _doses(reps: Sequence[TrueRep], scene: Scene) -> list[float]:
    """The dose of the plan that each repetition (or failed attempt) came from."""
    doses, i_plan = [], 0
    for rep in reps:
        doses.append(scene.plans[i_plan].dose)
        i_plan += rep.is_counted
    return doses


def _drive_deg(lift: str, xyz: np.ndarray) -> np.ndarray:
    """(T,) bend of the left knee, elbow or hip that the lift moves by."""
    at = {part: xyz[:, JOINT[part]] for part in
          ("root", "neck", "lhip", "lknee", "lankle", "lshoulder", "lelbow", "lwrist")}  # fmt: skip
    if lift == "deadlift":
        return angle_deg(at["root"] - at["neck"], at["lknee"] - at["lhip"])
    chain = ("lhip", "lknee", "lankle") if lift == "squat" else ("lshoulder", "lelbow", "lwrist")
    return flexion_deg(*(at[part] for part in chain))


def _phase_at(lift: str, body: Body, style: Style, *, left_deg=None, travel=None) -> float:
    """Phase at which the driving joint is bent by left_deg, or at this share of the way down."""
    p = np.linspace(0, 1, 101)
    still = Script(p, np.zeros(101), np.zeros(101))
    xyz = place_joints(body, LIFTS[lift](body, style, still, NO_FAULTS))
    if travel is None:
        return float(np.interp(left_deg, np.maximum.accumulate(_drive_deg(lift, xyz)), p))
    part = {"squat": "lhip", "pushup": "lshoulder"}.get(lift, "lwrist")
    height = xyz[:, JOINT[part], 2]
    return float(np.interp(travel, (height[0] - height) / (height[0] - height[-1]), p))


def _with_faults(scene: Scene, lift, body, style, faults: Faults, rng) -> Scene:
    """Depth, lockout and bounce are matters of the phase."""
    plans = []
    for i, plan in enumerate(scene.plans):
        left_deg = rng.uniform(*LATE_DEG) if i in scene.late else 0.0
        share = 1 - (1 - faults.depth_share) * plan.dose
        depth = _phase_at(lift, body, style, travel=plan.depth * share)
        left_deg = max(left_deg, faults.missed_lockout_deg * plan.dose)
        left = _phase_at(lift, body, style, left_deg=left_deg) if left_deg else 0.0
        half_up = None
        if plan.fails_at is not None:
            travel = plan.depth * (1 - plan.fails_at)
            half_up = 1 - _phase_at(lift, body, style, travel=travel) / depth
        plans.append(replace(plan, depth=depth, fails_at=half_up, left=min(left, MOST_LEFT * depth),
                             is_shallow=plan.depth * share < PARTIAL_BELOW,
                             bounce=max(plan.bounce, faults.bounce_share * plan.dose)))  # fmt: skip
    return replace(scene, plans=tuple(plans))


def _shifted(scene: Scene, lift: str, rng: np.random.Generator) -> Scene:
    plans = list(scene.plans)
    if lift == "deadlift" and plans and rng.random() < 0.2:
        plans[-1] = replace(plans[-1], is_dropped=True, rest_s=0.0)
    noise = scene.flaws.noise if scene.flaws.noise > 1 else float(rng.uniform(0.7, 1.6))
    flaws = replace(scene.flaws, noise=noise,
                    bursts_per_min=BURSTS_PER_MIN, has_seams=bool(rng.random() < 0.3))  # fmt: skip
    if not flaws.never_seen and rng.random() < 0.25:
        side = str(rng.choice(["l", "r"]))
        loaded = {"deadlift": ("lwrist", "rwrist"), "squat": (side + "hip", side + "wrist")}
        never = {"pushup": (side + "wrist",), "bench_press": ("lhip", "rhip", "root")}
        flaws = replace(flaws, hidden_loaded=loaded.get(lift, ()), never_seen=never.get(lift, ()))
    return replace(scene, plans=tuple(plans), flaws=flaws)


def _draw_camera(yaw_deg: float, rng, is_shifted: bool, is_behind: bool) -> Camera:
    yaw_deg = 180.0 - yaw_deg / 4 if is_behind else yaw_deg
    side = float(rng.choice([-1.0, 1.0]))
    yaw, pitch, roll = (20.0, (-5.0, 20.0), 3.0) if is_shifted else (5.0, (2.0, 10.0), 0.5)
    return Camera(side * (yaw_deg + rng.uniform(-yaw, yaw)), rng.uniform(*pitch),
                  rng.uniform(-roll, roll), rng.uniform(3.0, 5.0))  # fmt: skip


def _act(
    scene: Scene, lift: str, body: Body, style: Style, faults: Faults, fps: float, rng
) -> tuple[Controls, np.ndarray, list[TrueRep]]:
    """Controls, phase (NaN outside the lift) and the repetitions on the recording's clock."""
    if scene.activity in ("walk", "flail", "stand", "arms_up"):
        idle = other.idle(scene.activity, body, style, fps, scene.seconds, rng)
        return idle, np.full(len(idle), np.nan), []
    loaded = lift in STARTS_LOADED
    lead_s, tail_s = rng.uniform(1.0, 2.0, 2)
    if not scene.plans:
        lead_s, loaded = scene.seconds, bool(loaded and rng.random() < 0.5)
    script, reps = play(scene.plans, lead_s, tail_s, fps, starts_loaded=loaded)
    moving = LIFTS[lift](body, style, script, faults)
    before, after = other.around(
        lift, body, style, moving, fps, rng, is_walked=scene.is_walked_into
    )
    lead = sum(len(part) for part in before)
    reps = [rep.later(lead / fps) for rep in reps]
    whole = join(*before, moving, *after)
    phase = np.full(len(whole), np.nan)
    phase[lead : lead + len(moving)] = script.phase
    if lift in ("squat", "deadlift"):
        whole = other.sway(whole, fps, rng)
    return whole, phase, reps
