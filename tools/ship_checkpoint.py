"""python tools/ship_checkpoint.py checkpoint/pose3d_swift_last/best.pt checkpoint/lifter_swift.pt

Strip a trained checkpoint to weights, most of them in a byte, and config, and print its SHA-256.
`--threshold` gives a classifier with a class for everything else the one chosen after training.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.errors import UserError, command_line
from lib.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, sha256


def with_threshold(checkpoint: Checkpoint, threshold: float, path: str) -> Checkpoint:
    """The checkpoint with another `other.threshold`. Raises UserError if it has no 'other'."""
    other = checkpoint.config.get("other")
    if not other:
        raise UserError(f"{path}: has no class 'other'; leave --threshold out")
    if not 0 <= threshold <= 1:
        raise UserError(f"--threshold {threshold:g}: a probability from 0 to 1 expected")
    return replace(
        checkpoint, config=checkpoint.config | {"other": other | {"threshold": threshold}}
    )


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Read, strip, write aside and rename."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained")
    parser.add_argument("shipped")
    parser.add_argument("--threshold", type=float, help="probability from which a lift is named")
    flags = parser.parse_args(argv)
    trained = load_checkpoint(flags.trained)
    checkpoint = replace(trained, model=trained.weights, extra={})
    if flags.threshold is not None:
        checkpoint = with_threshold(checkpoint, flags.threshold, flags.trained)
    save_checkpoint(flags.shipped, checkpoint, is_small=True)
    size_mb = Path(flags.shipped).stat().st_size / 1e6
    print(f"{flags.shipped}: {size_mb:.2f} MB, sha256 {sha256(flags.shipped)}")


if __name__ == "__main__":
    sys.exit(main())
