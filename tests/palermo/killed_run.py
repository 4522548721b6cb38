"""`python killed_run.py FEED OUT STAGE COUNT`: a run that kills itself at the COUNT-th STAGE.

STAGE `none` lets it end.
"""

import os
import signal
import sys
from collections import Counter
from pathlib import Path

from palermo.log import start_log
from palermo.running import Wish, carry_out


def main() -> None:
    feed, out, stage, count = sys.argv[1:]
    seen: Counter[str] = Counter()

    def kill_there(reached: str) -> None:
        seen[reached] += 1
        if reached == stage and seen[reached] == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    start_log(verbosity=0)
    carry_out(
        Wish(
            feed=feed,
            config=None,
            out=Path(out),
            batch_rows=250,
            checkpoint_rows=500,
            snapshot_seconds=0.0,
        ),
        observer=kill_there,
    )


if __name__ == "__main__":
    main()
