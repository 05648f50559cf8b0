"""`make bench`: every `bench_*.py` beside this file, one JSON object a line on stdout.

    python -m tests.benchmarks            all
    python -m tests.benchmarks cycle      those whose file name contains `cycle`

Ratios are measured side by side in one run, because absolute times say more about the machine than about the program.
Exit 0 also when a goal does not hold: a benchmark informs, it does not judge.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(wanted: list[str]) -> None:
    """Run the benchmarks whose names contain any of `wanted` (all when empty)."""
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        if wanted and not any(word in file.stem for word in wanted):
            continue
        sys.stderr.write(f"{file.stem} ...\n")
        for result in importlib.import_module(f"tests.benchmarks.{file.stem}").run():
            sys.stdout.write(result.line() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
