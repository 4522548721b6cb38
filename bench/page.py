"""`python -m bench.page`: runs the benches of this page and writes bench/RESULTS.md.

A bench is a module of this folder whose `main` prints its tables; each runs in a process of its
own, so that none warms or burdens another.
"""

import os
import subprocess
import sys
import time
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from bench.figures import machine

FOLDER = Path(__file__).parent
PAGE = FOLDER / "RESULTS.md"
BENCHES = ("rows_read", "chain", "engine", "networks")
SOURCES = ("palermo", "alerts", "detectors", "models", "ingest", "bench")
HEAD = """# How fast it is

Written by `make bench`; never edited by hand. Ratios are taken within one run against the named
yardstick, CPU seconds unless said; absolute figures are this machine's. Where the load average is
far above one, other work shared its cores and caches: read the ratios, not the rates.

- machine: {machine}
- load average (15 minutes): {before:.1f} before, {after:.1f} after
- {minutes:.0f} minutes
- release: {release}, source {source}
"""


def main() -> None:
    begun, before = time.monotonic(), os.getloadavg()[2]
    tables = [_printed(name) for name in BENCHES]
    head = HEAD.format(
        machine=machine(),
        before=before,
        after=os.getloadavg()[2],
        minutes=(time.monotonic() - begun) / 60,
        release=version("palermo"),
        source=_source_hash(),
    )
    PAGE.write_text("\n".join([head, *tables]), encoding="utf-8")
    print(f"written: {PAGE}")


def _printed(name: str) -> str:
    print(f"bench.{name}", flush=True)
    command = [sys.executable, "-m", f"bench.{name}"]
    ended = subprocess.run(
        command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True, check=True
    )
    return ended.stdout


def _source_hash() -> str:
    digest = sha256()
    for folder in SOURCES:
        for path in sorted((FOLDER.parent / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
