"""`python -m tests.fuzzing --seconds N`: mutated bundles until the time is over; status 1 where one did harm."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from tests.fuzzing.running import run


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, help="number of the first bundle; by default another one each time")
    parser.add_argument("--count", type=int, help="so many bundles at most: 1 makes a bundle that did harm again")
    parser.add_argument("--recordings", type=Path, help="folder of recordings: SCENARIO/SERVER/files")
    parser.add_argument("--keep", type=Path, help="where bundles that did harm are written")
    given = parser.parse_args()
    first = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    report = run(given.seconds, first, given.recordings, given.keep, given.count)
    taken, slowest = report.slowest
    sys.stdout.write(
        f"{report.bundles} bundles from seed {first} on; {report.refused} refused with a message; slowest {taken:.1f} s"
        f" of processor time (seed {slowest}); {len(report.troubles)} did harm\n"
    )
    for trouble in report.troubles:
        last = trouble.what.strip().splitlines()[-1]
        sys.stdout.write(f"  --seed {trouble.seed} --count 1: {last} ({trouble.bundle})\n")
    return 1 if report.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
