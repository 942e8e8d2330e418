"""What people do before, between and instead of repetitions: standing, walking, getting up and
down, waving about. Controls as in lift_suite.body."""

import numpy as np

from benchmarks.lift_suite.body import (
    ANKLE_M,
    SIDES,
    SIGN,
    Body,
    Controls,
    X,
    Y,
    Z,
    chord,
    glide,
    hold,
    join,
    make_controls,
    ramp,
    vec,
)
from benchmarks.lift_suite.style import Style

FORWARD_KNEES = np.stack([Y + 0.15 * sign * X for _, sign in SIDES])


def stand(body: Body, style: Style, at_y: float = 0.0, arms: str = "hang") -> Controls:
    """One frame upright on both feet; arms hang, or reach up."""
    aside = style.stance_m / 2 - body.half_hips
    height = ANKLE_M + np.sqrt(chord(body, np.radians(4.0)) ** 2 - aside**2)
    root = np.array([[0.0, at_y + 0.02, height]])
    shoulder_z = height + body.trunk
    way = -0.97 * body.arm if arms == "hang" else 0.97 * body.arm
    wrists = SIGN * (body.half_shoulders + 0.04) * X + (at_y + 0.06) * Y + (shoulder_z + way) * Z
    feet = SIGN * style.stance_m / 2 * X + at_y * Y + ANKLE_M * Z
    return make_controls(root, feet, FORWARD_KNEES, wrists, SIGN * 0.4 * X - Y, 0.02)


def sway(c: Controls, fps: float, rng: np.random.Generator) -> Controls:
    """Nobody stands still: hips and hands drift by some millimetres over seconds."""
    t = np.arange(len(c)) / fps
    drift = np.zeros((len(c), 3))
    for rate_hz in rng.uniform(0.15, 0.7, 3):
        drift += 0.004 * np.sin(2 * np.pi * (rate_hz * t[:, None] + rng.random(3)))
    drift[:, 2] = 0.0  # straight knees turn a millimetre of height into degrees
    return c.moved(root=c.root + drift, wrists=c.wrists + 0.7 * drift[:, None])


def walk(
    body: Body, place: Controls, fps: float, seconds: float, rng: np.random.Generator,
    *, is_arriving: bool, is_backwards: bool = False, swings: bool = True,
) -> Controls:  # fmt: skip
    """Steps to (or from) the posture `place`, any way round, ending (or beginning) in it."""
    t = np.arange(round(seconds * fps)) / fps
    t = t[::-1] if not is_arriving else t
    near = ramp((t - seconds + 1.0) / 1.0)  # 1 at the place
    pace = rng.uniform(0.8, 1.3) * (1 - 0.97 * near)
    gone = np.cumsum(pace[::-1])[::-1] / fps if is_arriving else np.cumsum(pace) / fps
    turn = rng.uniform(-1.2, 1.2)
    course = turn + np.pi * is_backwards
    ahead = np.array([-np.sin(course), np.cos(course), 0.0])
    sign = -1.0 if is_arriving else 1.0
    root = place.root[0] + vec((sign * gone, ahead))
    root[:, 2] -= 0.03 * body.thigh / 0.43 * (1 - near)
    heading = turn * (1 - ramp((t - seconds + 1.4) / 1.2))
    ankles = _steps(body, root, place, ahead, sign * gone, near, stride_m=rng.uniform(1.0, 1.3))
    arms = (place.wrists - place.root[:, None])[0]
    c, s = np.cos(heading), np.sin(heading)
    wrists = root[:, None] + np.stack(
        [c[:, None] * arms[:, 0] - s[:, None] * arms[:, 1],
         s[:, None] * arms[:, 0] + c[:, None] * arms[:, 1], np.tile(arms[:, 2], (len(t), 1))], -1,
    )  # fmt: skip
    if swings:
        behind = ((ankles[:, ::-1] - root[:, None]) @ ahead)[..., None]
        wrists = wrists + (1 - near)[:, None, None] * 0.7 * behind * ahead
    return make_controls(root, ankles, FORWARD_KNEES, wrists, place.elbow_pole[0],
                         place.lean[0] + 0.05 * (1 - near), heading=heading)  # fmt: skip


def _steps(body, root, place, ahead, along_m, near, stride_m) -> np.ndarray:
    """(T, 2, 3) ankles that rest on the floor for six tenths of each stride."""
    aside = np.cross(ahead, Z)
    feet = []
    for i, (_, sign) in enumerate(SIDES):
        stride = along_m / stride_m + 0.5 * i + 100
        number, share = np.floor(stride), stride % 1.0
        swing = np.clip((share - 0.6) / 0.4, 0, 1)
        along = (number + ramp(swing) - 100 - 0.5 * i + 0.3) * stride_m
        side = np.sign(aside @ X + 1e-9) * sign * 0.09
        walked = place.root[0] * [1, 1, 0] + vec((along, ahead), (side, aside))
        walked = walked + vec((ANKLE_M + 0.13 * np.sin(np.pi * swing), Z))
        w = near[:, None]
        feet.append((1 - w) * walked + w * place.ankles[0, i])
    return np.stack(feet, 1)


def flail(body: Body, style: Style, fps: float, seconds: float, rng) -> Controls:
    """Arms, trunk and knees move about without a beat, for as long as asked."""
    t = np.arange(round(seconds * fps)) / fps
    place = hold(stand(body, style), len(t))

    def wobble(*shape: int) -> np.ndarray:
        rates, phases = rng.uniform(0.15, 0.9, (4, *shape)), rng.random((4, *shape))
        clock = t.reshape(-1, *[1] * (len(shape) + 1))
        return np.sin(2 * np.pi * (rates * clock + phases)).mean(1) * 1.4

    root = place.root + wobble(3) * [0.06, 0.05, 0.03] - 0.03 * Z
    wrists = place.wrists + 0.45 * Z + wobble(2, 3) * [0.3, 0.35, 0.45]
    return place.moved(root=root, wrists=wrists, lean=place.lean + 0.15 * wobble(),
                       heading=0.4 * wobble())  # fmt: skip


def unloaded_stand_up(body: Body, style: Style, loaded: Controls, fps: float, rng) -> Controls:
    """From the bar on the floor to standing, the hands empty."""
    up = stand(body, style)
    return join(glide(loaded, up, round(rng.uniform(0.8, 1.3) * fps)),
                hold(up, round(rng.uniform(0.3, 1.2) * fps)))  # fmt: skip


def down_to_floor(body: Body, style: Style, plank: Controls, fps: float, rng) -> Controls:
    """From standing to a plank: crouch, hands down, feet back."""
    hands_y = float(plank.wrists[0, 0, 1])
    up = stand(body, style, at_y=hands_y - 0.45)
    feet = up.ankles[0]
    crouched = up.moved(root=np.array([[0.0, hands_y - 0.6, 0.42]]), lean=np.radians(75.0),
                        ankles=feet, wrists=plank.wrists[0])  # fmt: skip
    return join(hold(up, round(0.8 * fps)), glide(up, crouched, round(rng.uniform(1.1, 1.8) * fps)),
                hold(crouched, round(0.3 * fps)),
                glide(crouched, plank, round(rng.uniform(0.8, 1.4) * fps)))  # fmt: skip


def down_to_bench(body: Body, style: Style, over: Controls, fps: float, rng) -> Controls:
    """From standing with the back to the bench: sit, lie back, hands to the bar, bar out."""
    up = stand(body, style, at_y=float(over.ankles[0, 0, 1]))
    up = up.moved(ankles=over.ankles[0])
    seat = over.root[:1] + 0.0 * Y
    sat = over.at(0).moved(root=seat, lean=0.15, wrists=seat[0] + SIGN * 0.2 * X + 0.35 * Y,
                           elbow_pole=up.elbow_pole[0])  # fmt: skip
    racked = over.at(0).moved(wrists=over.wrists[0] - 0.15 * Y - 0.06 * Z)
    return join(hold(up, round(0.5 * fps)), glide(up, sat, round(rng.uniform(1.0, 1.6) * fps)),
                hold(sat, round(0.4 * fps)), glide(sat, racked, round(1.5 * fps)),
                hold(racked, round(0.8 * fps)), glide(racked, over, round(0.8 * fps)))  # fmt: skip


def reversed_in_time(c: Controls) -> Controls:
    """Played backwards."""
    return Controls(*(np.ascontiguousarray(part[::-1]) for part in vars(c).values()))


def idle(kind: str, body: Body, style: Style, fps: float, seconds: float, rng) -> Controls:
    """No lift at all: stand, arms_up, walk or flail."""
    if kind == "flail":
        return flail(body, style, fps, seconds, rng)
    if kind == "walk":
        return walk(body, stand(body, style), fps, seconds, rng, is_arriving=True)
    arms = "up" if kind == "arms_up" else "hang"
    return sway(hold(stand(body, style, arms=arms), round(seconds * fps)), fps, rng)


def around(
    lift: str, body: Body, style: Style, moving: Controls, fps: float, rng, *, is_walked: bool
) -> tuple[list[Controls], list[Controls]]:
    """What comes before and after the lift's own Controls."""
    first, last = moving.at(0), moving.at(-1)
    if lift == "squat":
        return _around_squat(body, first, last, fps, rng) if is_walked else ([], [])
    if lift == "deadlift":
        return _around_deadlift(body, style, first, last, fps, rng, is_walked)
    if not is_walked:
        return [], []
    down = down_to_floor if lift == "pushup" else down_to_bench
    before = down(body, style, first, fps, rng)
    after = reversed_in_time(down(body, style, last, fps, rng))
    walk_in = walk(body, before.at(0), fps, 4.0, rng, is_arriving=True)
    return [walk_in, before], [after, walk(body, after.at(-1), fps, 3.0, rng, is_arriving=False)]


def _around_squat(body, first, last, fps, rng) -> tuple[list[Controls], list[Controls]]:
    """Out of the rack backwards after a dip under the bar, and back into it."""
    out = walk(body, first, fps, 4.0, rng, is_arriving=True, is_backwards=True, swings=False)
    back = walk(body, last, fps, 3.0, rng, is_arriving=False, swings=False)
    dip_m = rng.uniform(0.02, 0.06)

    def dipped(c: Controls, at_s: np.ndarray) -> Controls:
        low = dip_m * np.sin(np.pi * np.clip(at_s / 0.9, 0, 1)) ** 2
        return c.moved(root=c.root - vec((low, Z)), wrists=c.wrists - vec((low, Z))[:, None])

    t_out, t_back = np.arange(len(out)) / fps, np.arange(len(back))[::-1] / fps
    return [dipped(out, t_out)], [dipped(back, t_back)]


def _around_deadlift(
    body, style, first, last, fps, rng, is_walked: bool
) -> tuple[list[Controls], list[Controls]]:
    up = stand(body, style)
    ends_low = float(last.lean[0]) > 0.4
    bend = join(hold(up, round(rng.uniform(0.4, 1.0) * fps)),
                glide(up, first, round(rng.uniform(0.9, 1.7) * fps)))  # fmt: skip
    starts_low = float(first.lean[0]) > 0.4
    before = [bend] if starts_low and (is_walked or rng.random() < 0.5) else []
    if not is_walked:
        return before, []
    risen = unloaded_stand_up(body, style, last, fps, rng) if ends_low else glide(last, up, 12)
    away = walk(body, risen.at(-1), fps, 3.0, rng, is_arriving=False)
    return [walk(body, up, fps, 4.0, rng, is_arriving=True), *before], [risen, away]
