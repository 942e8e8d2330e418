"""python tools/inspect_checkpoint.py checkpoint/lifter_swift.pt

Say what each file is: a checkpoint of this project, MotionBERT's weights, or something else that
was saved under such a name. Nothing in a file is executed. Exit code 2 if one is no checkpoint.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.errors import UserError, command_line
from lib.model.inspection import inspect_file


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Print the findings; raises UserError, naming them, if files are no checkpoints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    others = []
    for path in parser.parse_args(argv).files:
        finding = inspect_file(path)
        print(f"{path}: {finding.title}")
        for name, text in finding.facts.items():
            print(f"  {name:16s} {text}")
        if not finding.is_checkpoint:
            others.append(path)
    if others:
        raise UserError(f"no checkpoint: {', '.join(others)}")


if __name__ == "__main__":
    sys.exit(main())
