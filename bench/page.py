"""`python -m bench.page`: runs every bench and writes bench/RESULTS.md.

A bench is a module of this folder whose `main` prints its tables; each runs in a process of its
own, so that none warms or burdens another. `real_data` needs files of its own and is left out.
"""

import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from bench.figures import machine

FOLDER = Path(__file__).parent
PAGE = FOLDER / "RESULTS.md"
NO_BENCH = ("page", "figures", "real_data")
SOURCES = ("palermo", "alerts", "detectors", "models", "ingest", "bench")
HEAD = """# How fast it is

Written by `make bench`; never edited by hand. Ratios are taken within one run against the named
yardstick, CPU seconds unless said; absolute figures are this machine's.

- machine: {machine}
- release: {release}, source {source}
"""


def main() -> None:
    names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NO_BENCH)
    tables = [_printed(name) for name in names]
    head = HEAD.format(machine=machine(), release=version("palermo"), source=_source_hash())
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
