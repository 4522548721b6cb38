"""The lock files and the command's own package."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert "://" not in text
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_meets_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = dict(re.findall(r"^(\S+?)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M))

    for line in project["dependencies"]:
        needed = Requirement(line)
        assert needed.specifier.contains(locked[needed.name]), line


def test_the_development_lock_holds_the_same_versions() -> None:
    pins = [
        set(re.findall(r"^(\S+==\S+.*?)(?: \\)?$", (ROOT / lock).read_text(), re.M))
        for lock in LOCKS
    ]

    assert pins[0] <= pins[1]


def test_each_top_level_package_is_ours_alone() -> None:
    owners = packages_distributions()

    for package in ("alerts", "detectors", "ingest", "models", "palermo"):
        assert set(owners.get(package, ["palermo"])) == {"palermo"}
