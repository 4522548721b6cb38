"""Run by `make release` with the Python of a clean environment that holds the built wheel alone.

Asserts that the wheel brings what it needs, owns its top-level packages and starts.
"""

import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

OWNED = ("alerts", "detectors", "ingest", "models", "palermo")


def main() -> None:
    files = {str(file) for file in distribution("palermo").files or ()}
    check(Path(__file__).parents[1] not in map(Path, sys.path), "the source folder is on the path")
    owners = packages_distributions()
    for package in OWNED:
        check(owners.get(package) == ["palermo"], f"{package} belongs to {owners.get(package)}")
    sources = Path(__file__).parents[1]
    for package in OWNED:
        for source in sorted((sources / package).rglob("*")):
            name = source.relative_to(sources).as_posix()
            if source.is_file() and "__pycache__" not in name:
                check(name in files, f"the wheel lacks {name}")
    starts("--version")
    starts("detectors", "list")
    sys.stdout.write(f"the wheel owns {', '.join(OWNED)} alone, lacks no file, and starts\n")


def starts(*arguments: str) -> None:
    started = subprocess.run(
        [sys.executable, "-Im", "palermo", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    check(started.returncode == 0, f"palermo {' '.join(arguments)}: {started.stderr[-800:]}")


def check(holds: bool, complaint: str) -> None:
    if not holds:
        sys.exit(f"release: {complaint}")


if __name__ == "__main__":
    main()
