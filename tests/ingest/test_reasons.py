from pathlib import Path

import pytest

from ingest.mapping import CANONICAL, FeedSettings
from ingest.reasons import REASONS
from ingest.reference_feed import REFERENCE_FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "feeds.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.exists():
        pytest.skip("docs/feeds.md lies only in the repository, not in the installed package")
    return PAGE.read_text("utf-8")


def test_the_page_for_compliance_holds_every_reason_with_its_words(page: str) -> None:
    for code, reason in REASONS.items():
        assert f"| `{code}` | {reason.meaning} | {reason.do} |" in page


def test_the_page_for_compliance_names_every_setting_and_field(page: str) -> None:
    fields = {name for names in REFERENCE_FIELDS.values() for name in names}

    for name in (*FeedSettings.model_fields, *CANONICAL, *fields):
        assert f"`{name}`" in page, name
