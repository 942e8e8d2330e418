"""python tools/make_fit3d.py --out data/fit3d --subjects s03 s08 --actions squat deadlift pushup

Made-up athletes and exercises in Fit3D's own format, for trying everything without the data set.
A subject with all its actions takes 35 MB and a few seconds.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.data.fit3d import TEST_SUBJECTS, TRAIN_SUBJECTS
from lib.data.synthetic.motions import ACTIONS, EXTRA_ACTIONS, FAULTS
from lib.data.synthetic.writer import write_fit3d_tree
from lib.errors import command_line


def names(given: list[str]) -> tuple[str, ...]:
    """`a b,c` as given on the command line to (a, b, c), each once."""
    return tuple(dict.fromkeys(name for word in given for name in word.split(",") if name))


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--out", type=Path, default=Path("data/fit3d"))
    parser.add_argument("--subjects", nargs="+", default=[*TRAIN_SUBJECTS, *TEST_SUBJECTS],
                        help="default all; test subjects come without truth")  # fmt: skip
    parser.add_argument("--actions", nargs="+", default=list(ACTIONS),
                        help="default all of Fit3D's that can be made; by name also "
                             f"{', '.join(EXTRA_ACTIONS)}, which Fit3D does not have")  # fmt: skip
    parser.add_argument("--faults", nargs="+", default=[], help=f"out of {', '.join(FAULTS)}")
    parser.add_argument("--reps", type=int, help="repetitions a sequence; default 5 to 7")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    tasks = write_fit3d_tree(
        options.out, names(options.subjects), names(options.actions), options.seed,
        num_reps=options.reps, faults=names(options.faults),
        watch=lambda tasks: tqdm(tasks, desc="sequences", unit=""),
    )  # fmt: skip
    num_subjects = len({subject for subject, _ in tasks})
    print(f"{options.out}: {len(tasks)} made-up sequences of {num_subjects} subjects")


if __name__ == "__main__":
    sys.exit(main())
