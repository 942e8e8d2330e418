"""python tools/calibrate_lifter.py checkpoint/lifter_swift.pt --out out/calibrated.pt

Fit how uncertain a lifter is to its errors on development recordings, print how well that holds on
others, and write it into the checkpoint's config. Without `--out` the file itself is written anew,
and its SHA-256 changes.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.config import load_config, to_dict
from lib.errors import UserError, command_line
from lib.files import check_target
from lib.infer.calibration import KEY
from lib.infer.lift import Lifter
from lib.infer.source import best_device
from lib.model.checkpoint import is_ours, load_checkpoint, read_content, save_checkpoint, sha256
from lib.model.packing import is_packed
from lib.train.calibration import CalibrationConfig, Samples, collect, fit
from lib.train.calibration_scores import constant, quality
from lib.train.score_table import text_table

HEADS = {
    "within_90_radius_percent": "in 90 %\nradius %",
    "within_5_to_95_percent": "in 5-95 %\nrange %",
    "spearman": "Spearman\nall",
    "spearman_within_joint": "Spearman\nin a joint",
    "log_likelihood": "log\nlikelihood",
    "log_likelihood_constant": "of a\nconstant",
    "rms_error_mm": "RMS error\nmm",
    "rms_sigma_mm": "RMS sigma\nmm",
    "frames": "\nframes",
}


def is_small(path: str) -> bool:
    """Whether a checkpoint's weights were made small, to be shipped."""
    content = read_content(Path(path))
    assert is_ours(content), "it was loaded as a checkpoint before"
    return is_packed(content["model"])


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Lift, fit, check, write aside and rename."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("--config", default="configs/calibration/lifter.yaml")
    parser.add_argument("--out", help="file to write instead of the checkpoint itself")
    flags = parser.parse_args(argv)
    config = load_config(CalibrationConfig, flags.config)
    lifter = Lifter.from_checkpoint(flags.checkpoint, best_device())
    if not (lifter.is_metric and is_ours(read_content(Path(flags.checkpoint)))):
        raise UserError(f"{flags.checkpoint}: only lifters of this project in metres have a sigma")
    target = check_target(flags.out or flags.checkpoint, "--out")
    samples = Samples.joined(collect(lifter, part, config.every_s) for part in config.fit.values())
    calibration, usual = fit(samples, config), constant(samples)
    rows = {f"fitted on: {calibration.fitted_on}": (samples, calibration)}
    rows |= {
        name: (collect(lifter, part, config.every_s), calibration)
        for name, part in config.check.items()
    }
    scores = {
        name: quality(found, part, usual) | {"frames": len(part.error_m)}
        for name, (part, found) in rows.items()
    }
    print(text_table(scores, HEADS))
    checkpoint = load_checkpoint(flags.checkpoint)
    checkpoint = replace(checkpoint, config=checkpoint.config | {KEY: to_dict(calibration)})
    save_checkpoint(target, checkpoint, is_small=is_small(flags.checkpoint))
    print(f"{target}: sha256 {sha256(target)}")


if __name__ == "__main__":
    sys.exit(main())
