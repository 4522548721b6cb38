"""`make golden`: runs the golden feed and writes what comes out beside it. Read the diff.

The feed is the simulated country of seed 5 (36 customers, 33 days, 3 quiet, 5,000 schemes per
10,000, disordered); it stays as it is when the generator changes.
"""

import sys
import tempfile
from pathlib import Path

from palermo.log import start_log
from palermo.running import Wish, carry_out

GOLDEN = Path(__file__).parent
EXPECTED = ("alerts.ndjson", "rejects.ndjson")


def main() -> None:
    start_log(verbosity=-1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        carry_out(Wish(feed=str(GOLDEN / "feed"), config=None, out=out))
        for name in EXPECTED:
            (GOLDEN / name).write_bytes((out / name).read_bytes())
    sys.stdout.write(f"written: {', '.join(EXPECTED)} in {GOLDEN}; read `git diff` now\n")


if __name__ == "__main__":
    main()
