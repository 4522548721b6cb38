"""Rows, batches and intakes for the tests of ingest; everybody and everything here is invented."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import pytest

from ingest.feed import Message, RawBatch
from ingest.intake import Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.row_reader import RowReader

MakeRow = Callable[..., dict[str, Any]]
MakeBatch = Callable[[Iterable[Any]], RawBatch]
MakeIntake = Callable[..., Intake]


@pytest.fixture
def row() -> MakeRow:
    """A transfer between two invented accounts; any field can be given, None leaves it out."""

    def make(**given: Any) -> dict[str, Any]:
        usual = {
            "txn_id": "T-0001",
            "event_time": "2024-03-01T10:00:00",
            "amount": "250000",
            "currency": "LAK",
            "txn_type": "TRANSFER",
            "orig_account_id": "A-FICT-0001",
            "benef_account_id": "A-FICT-0002",
        }
        return {name: value for name, value in {**usual, **given}.items() if value is not None}

    return make


@pytest.fixture
def batch() -> MakeBatch:
    """A batch of rows given as dicts or as the bytes of a line."""

    def make(rows: Iterable[Any]) -> RawBatch:
        return RawBatch(messages=_messages(list(rows)), upto={}, partition="files", is_end=True)

    return make


@pytest.fixture
def intake() -> MakeIntake:
    """An intake with the settings given, and without reference data unless given."""

    def make(
        *,
        references: References | None = None,
        rates: Rates | None = None,
        lexicon: Lexicon | None = None,
        **settings: Any,
    ) -> Intake:
        checked = FeedSettings.model_validate(settings)
        return Intake(
            RowReader(
                checked,
                references or References(),
                rates or Rates(base_currency=checked.base_currency),
                lexicon or Lexicon({}),
            )
        )

    return make


def _messages(rows: Sequence[Any]) -> list[Message]:
    lines = [given if isinstance(given, bytes) else msgspec.json.encode(given) for given in rows]
    return [
        Message(value=line, where=f"rows:{number}", raw_ref=f"rows#{number}+{len(line)}")
        for number, line in enumerate(lines, start=1)
    ]
