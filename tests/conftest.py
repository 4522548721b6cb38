"""What all tests share: components a machine may lack, and a quiet terminal."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

# A busy machine makes no property false, and what CI finds must be found again.
settings.register_profile("palermo", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("palermo")

COMPONENTS = {
    "needs_java": (
        ("java", "mvn"),
        "Java and Maven, for a real Kafka broker: apt-get install default-jre-headless maven",
    ),
    "needs_chromium": (
        ("chromium", "chromium-browser", "google-chrome"),
        "Chromium, to open the page: apt-get install chromium",
    ),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("needs_java"):
            # One broker serves them all. Two groups on one test would make a third.
            item.add_marker(pytest.mark.xdist_group("kafka"))


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command run within a test logs to that test's standard error, which is closed after it."""
    yield
    structlog.reset_defaults()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (programs, how) in COMPONENTS.items():
        if item.get_closest_marker(marker) and not _is_there(marker, programs):
            _miss(f"this machine lacks {how}")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser that opens pages in tests."""
    found = next(filter(None, map(shutil.which, COMPONENTS["needs_chromium"][0])), None)
    if found is None:
        _miss(f"this machine lacks {COMPONENTS['needs_chromium'][1]}")
    return Path(str(found))


def _is_there(marker: str, programs: tuple[str, ...]) -> bool:
    found = [shutil.which(program) is not None for program in programs]
    return any(found) if marker == "needs_chromium" else all(found)


def _miss(sentence: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(sentence + " (with CI=true nothing is skipped)")
    pytest.skip(sentence)
