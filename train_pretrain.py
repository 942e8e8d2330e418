"""Pretrain a DSTformer to lift 2D keypoints to 3D, with masks and detector noise.

    python train_pretrain.py --config configs/pretrain/demo.yaml

Curves: tensorboard --logdir out/demo
"""

import sys
from collections.abc import Sequence

from lib.errors import command_line


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and train, resume or evaluate."""
    # Loading takes seconds; here a Ctrl-C meanwhile is told as any other.
    from lib.train.lifting import LiftingConfig, LiftingTask
    from lib.train.run import main as run

    text = run(__doc__ or "", "configs/pretrain/full.yaml", LiftingConfig, LiftingTask, argv)
    if text:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
