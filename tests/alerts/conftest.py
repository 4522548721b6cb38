"""What the tests of alerts share: a store in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.store import Store
from tests.alerts.fiction import REPRODUCE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "out" / "palermo.db", reproduce=REPRODUCE) as opened:
        yield opened
