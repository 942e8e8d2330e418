"""python tools/make_sample.py --out data/sample

Makes the sample recording that the demo and the tests use: a made-up athlete squats five times in
front of a camera placed like one of Fit3D's, while someone walks past behind.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.synthetic.sample import make_recording, write_sample
from lib.errors import command_line

ROOT = Path(__file__).resolve().parents[1]
SUBJECT, ACTION, CAMERA, NUM_REPS = "s09", "squat", "50591643", 5
SEED = 212
"""Gives five back squats to about parallel in 20 s, seen at 46 degrees from the front."""


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "sample")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(argv)
    noise = load_config(NoiseConfig, ROOT / "configs" / "noise" / "published.yaml")
    recording = make_recording(options.seed, SUBJECT, ACTION, CAMERA, NUM_REPS)
    total = recording.motion.num_frames
    write_sample(options.out, ACTION, recording, noise, options.seed,
                 watch=lambda frames: tqdm(frames, total=total, unit="frame"))  # fmt: skip
    for path in sorted(options.out.glob("*.*")):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
