import pytest

from ingest.feed import Layout
from ingest.formats.delimited import DelimitedRows


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Date", "2026-03-01"),
        ("Date + Time", "2026-03-01 08:30:00"),
        ("Time + Empty", "08:30:00"),
        ("Empty + Empty", None),
        ("A + B", "own"),
        ("Date + Nowhere", None),
    ],
)
def test_columns_named_together_are_joined_unless_one_has_the_name(
    name: str, value: str | None
) -> None:
    layout = Layout(columns=("Date", "Time", "Empty", "A + B"), delimiter=",")

    values = DelimitedRows([name], quote='"').values(
        "2026-03-01,08:30:00,,own", layout, is_ended=True
    )

    assert values == (value,)
