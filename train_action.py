"""Train the squat / deadlift / push-up classifier on a pretrained backbone.

    python train_action.py --config configs/action/demo.yaml -p out/demo/pretrain/best.pt

Curves: tensorboard --logdir out/demo
"""

import sys
from collections.abc import Sequence

from lib.errors import command_line


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and train, resume or evaluate."""
    # Loading takes seconds; here a Ctrl-C meanwhile is told as any other.
    from lib.train.action import ActionRunConfig, ActionTask
    from lib.train.run import main as run

    text = run(__doc__ or "", "configs/action/full.yaml", ActionRunConfig, ActionTask, argv)
    if text:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
