"""Started by torchrun in tests of several processes: training scripts one after another.

    torchrun --nproc_per_node 2 tests/run_together.py "train_pretrain --config a.yaml" ...

Ends with the exit code of the first that fails.
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from lib.train import parallel

if __name__ == "__main__":
    with parallel.joined():
        for line in sys.argv[1:]:
            script, *flags = line.split()
            code = importlib.import_module(script).main(flags)
            if code:
                sys.exit(code)
