"""Finetune a pretrained DSTformer on 3D poses, the backbone at 0.1 x the head's rate.

    python train_pose3d.py --config configs/pose3d/demo.yaml -p out/demo/pretrain/best.pt

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

    text = run(__doc__ or "", "configs/pose3d/full.yaml", LiftingConfig, LiftingTask, argv)
    if text:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
