"""python tools/ship_checkpoint.py checkpoint/pose3d_tiny/best.pt checkpoint/lifter_tiny.pt

Strip a trained checkpoint to weights and config, in half precision, and print its SHA-256.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.errors import command_line
from lib.model.checkpoint import load_checkpoint, save_checkpoint, sha256


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Read, strip, write aside and rename."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained")
    parser.add_argument("shipped")
    flags = parser.parse_args(argv)
    save_checkpoint(flags.shipped, replace(load_checkpoint(flags.trained), extra={}), half=True)
    size_mb = Path(flags.shipped).stat().st_size / 1e6
    print(f"{flags.shipped}: {size_mb:.2f} MB, sha256 {sha256(flags.shipped)}")


if __name__ == "__main__":
    sys.exit(main())
