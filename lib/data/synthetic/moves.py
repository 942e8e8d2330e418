"""Key poses of the exercises on planted feet, by Fit3D's names.

Fit3D does not say what its warm-ups are; those here are common ones.
"""

from dataclasses import replace

from lib.data.synthetic.rhythm import Tempo
from lib.data.synthetic.standing import Key, Move

_HANG = Key()
_CURLED = Key(upper=14, upper_plane=80, fore=140, fore_plane=88)
_PRESS = Tempo(1.1, 0.2, 1.2, 0.3)
_CURL = Tempo(1.1, 0.15, 1.3, 0.3)
_SLOW = Tempo(1.4, 0.2, 1.5, 0.3)
_SWING = Tempo(1.1, 0.0, 1.1, 0.0)
_NEUTRAL = (1.0, 0.0, 2.5)
_OVERHEAD = Key(upper=168, upper_plane=35, fore=176, fore_plane=10, lift=16)
_ROW = Key(upper=50, upper_plane=80, fore=52, fore_plane=85, lean=50, knee=24, bend=6)
_ON_HIPS = Key(upper=40, upper_plane=-20, fore=42, fore_plane=165)
_BEHIND_HEAD = Key(upper=112, upper_plane=30, fore=126, fore_plane=205, lift=8)

MOVES = {
    "band_pull_apart": Move(
        (Key(82, 84, 86, 92, protract=6), Key(86, 6, 88, 10, protract=-10)), _CURL, thumb=(0, 0, 1)
    ),
    "barbell_dead_row": Move(
        (Key(68, 82, 69, 86, lean=70, knee=48, bend=8), Key(-18, 78, 60, 95, lean=62, knee=42)),
        Tempo(0.8, 0.1, 0.9, 0.6), has_bar=True,
    ),
    "barbell_row": Move(
        (_ROW, replace(_ROW, upper=-22, upper_plane=75, fore_plane=98)), _PRESS, has_bar=True
    ),
    "barbell_shrug": Move(
        (Key(8, 30, 8, 60), Key(8, 30, 8, 60, lift=24)), Tempo(0.6, 0.3, 0.7, 0.3), has_bar=True
    ),
    "clean_and_press": Move(
        (
            Key(44, 84, 45, 86, lean=46, knee=52),
            Key(40, 20, 30, 90, lean=4, knee=8, lift=16),
            Key(34, 66, 152, 84, knee=18),
            Key(40, 62, 160, 70, knee=8),
            _OVERHEAD,
        ),
        Tempo(2.2, 0.3, 2.2, 0.4), has_bar=True,
    ),
    "drag_curl": Move((Key(-5, -85, 12, 70), Key(34, -80, 102, 86)), _CURL, has_bar=True),
    "dumbbell_biceps_curls": Move((Key(6, 40, 12, 70), _CURLED), _CURL),
    "dumbbell_curl_trifecta": Move(
        (Key(6, 40, 12, 60), Key(12, 50, 132, 45), Key(8, 50, 60, 70), _CURLED), _SLOW
    ),
    "dumbbell_hammer_curls": Move((Key(6, 40, 12, 75), _CURLED), _CURL, thumb=_NEUTRAL),
    "dumbbell_high_pulls": Move((Key(8, 40, 10, 70), Key(94, 8, 44, 140, lift=14)), _PRESS),
    "dumbbell_overhead_shoulder_press": Move((Key(74, 24, 170, 30), _OVERHEAD), _PRESS),
    "dumbbell_scaptions": Move(
        (Key(8, 48, 12, 52), Key(116, 52, 118, 56, lift=10)), _CURL, thumb=(1, 0.6, 2.0)
    ),
    "neutral_overhead_shoulder_press": Move(
        (Key(40, 76, 162, 84), Key(168, 78, 176, 84, lift=16)), _PRESS, thumb=(-1, 0, 0)
    ),
    "one_arm_row": Move(
        (replace(_ROW, lean=58, knee=34), replace(_ROW, lean=58, knee=34, upper=-28, twist=-12)),
        _PRESS, moving=(0.0, 1.0), thumb=(0.4, -1, 0),
    ),
    "overhead_extension_thruster": Move(
        (
            Key(166, 78, 174, 84, lift=12),
            Key(160, 80, 262, 92, lift=12),
            Key(162, 80, 172, 84, lift=12),
            Key(52, 78, 166, 86, lean=34, knee=92),
        ),
        Tempo(2.6, 0.1, 2.6, 0.3), thumb=(-0.3, -1, 0.2),
    ),
    "overhead_trap_raises": Move(
        (Key(14, 70, 16, 74), Key(164, 62, 166, 66, lift=20)), _SLOW, thumb=(1, 0.9, 0.3)
    ),
    "side_lateral_raise": Move(
        (Key(8, 16, 12, 34), Key(86, 14, 82, 24, lift=6)), _CURL, thumb=(1, 0, 0)
    ),
    "standing_ab_twists": Move(
        tuple(Key(58, 82, 92, 140, twist=t) for t in (0, 42, 0, -42)), _SWING, is_cycle=True,
        thumb=(0, 0, 1),
    ),
    "w_raise": Move(
        (Key(40, 82, 44, 84, lean=38, knee=22), Key(72, 0, 124, 14, lean=36, knee=22)), _CURL
    ),
    "warmup_1": Move(  # arm circles
        (Key(8, 88, 8, 88), Key(92, 88, 92, 90), Key(170, 50, 174, 50, lift=14), Key(92, 2, 92, 4)),
        Tempo(0.9, 0.0, 0.9, 0.0), is_cycle=True, thumb=(0.2, -1, 0.1),
    ),
    "warmup_2": Move(  # side bends
        tuple(replace(_ON_HIPS, side=s) for s in (0, 28, 0, -28)), _SWING, is_cycle=True
    ),
    "warmup_3": Move(  # trunk turns with open arms
        tuple(Key(84, 8, 86, 14, twist=t) for t in (0, 46, 0, -46)), _SWING, is_cycle=True,
        thumb=(0.3, 0, 1),
    ),
    "warmup_4": Move(  # hip circles
        (
            replace(_ON_HIPS, lean=16, knee=10), replace(_ON_HIPS, side=20),
            replace(_ON_HIPS, lean=-7, knee=10), replace(_ON_HIPS, side=-20),
        ),
        _SWING, is_cycle=True,
    ),
    "warmup_5": Move(  # overhead reach to toe touch
        (
            Key(170, 60, 176, 60, lean=-4, lift=16),
            Key(98, 84, 98, 86, lean=92, knee=12, bend=36, head=45),
        ),
        _SLOW,
    ),
    "warmup_6": Move(  # air squat
        (Key(14, 60, 18, 80), Key(92, 86, 92, 92, lean=34, knee=98)), _PRESS, thumb=(0, -0.5, 1)
    ),
    "warmup_9": Move(  # good morning
        (_BEHIND_HEAD, replace(_BEHIND_HEAD, lean=64, knee=22)), _SLOW, thumb=(0, 0.3, -1)
    ),
    "warmup_10": Move(  # opening and crossing the arms
        (Key(86, -8, 88, -4, protract=-8), Key(84, 98, 86, 128, protract=16)),
        Tempo(0.7, 0.0, 0.7, 0.0), thumb=(0, 0, 1),
    ),
    "warmup_11": Move(  # half squat with the hands on the hips
        (_ON_HIPS, replace(_ON_HIPS, lean=26, knee=68)), _PRESS
    ),
}  # fmt: skip
