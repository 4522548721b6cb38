"""Rows that were put aside on a real broker: looked at, sent again, counted; and a feed of nothing
else is stopped."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.kafka_settings import KafkaSettings
from palermo.audit import counts, evidence_in
from palermo.dead_letters import letters, send_again
from palermo.errors import DataUnusable
from palermo.live.running import run_stages
from palermo.running import Wish
from palermo.topics import apply_topics, plan_topics
from tests.integration.stages import PLAIN_FEED, kafka_section, plain_row, produce, settings_in

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

BAD = [b"not json", b'{"txn_id": "T-FICT-TORN"', b'{"txn_id": "T-FICT-1", "amount": "1"}']


@pytest.fixture
def config(new_settings: Callable[[], KafkaSettings], tmp_path: Path) -> Path:
    settings = new_settings()
    apply_topics(settings, plan_topics(settings))
    (tmp_path / "palermo.toml").write_text(PLAIN_FEED + kafka_section(settings))
    return tmp_path / "palermo.toml"


def test_a_row_sent_again_keeps_its_identity_and_everything_adds_up(
    config: Path, tmp_path: Path
) -> None:
    settings = settings_in(config)
    produce(settings, [*map(plain_row, range(300)), *BAD], key_of=lambda row: row[:20])
    ingest(config, tmp_path)
    first = letters(settings)

    send_again(settings, first)
    ingest(config, tmp_path)

    second = letters(settings)
    assert sorted(each.value for each in first) == sorted(BAD)
    assert {each.id for each in second} == {
        name for each in first for name in (each.id, f"{each.id}/2")
    }
    assert {(each.attempt, each.was_sent_again) for each in second} == {(1, True), (2, False)}
    for each in second:
        (original,) = (one for one in first if one.id == each.first_letter)
        assert (each.origin, each.key, each.value) == (
            original.origin,
            original.key,
            original.value,
        )
    found = counts(evidence_in(settings))
    assert [each.faults for each in found] == [[], []]
    assert sum(each.fates.get("reject", 0) for each in found) == 2 * len(BAD)
    assert sum(each.rows_in for each in found) == 300 + 2 * len(BAD)


def test_a_feed_of_nothing_but_faults_is_stopped_before_it_is_drained(
    config: Path, tmp_path: Path
) -> None:
    settings = settings_in(config)
    produce(settings, [b"bad %d" % number for number in range(5_000)], key_of=lambda row: b"one")

    with pytest.raises(DataUnusable, match="--max-reject-share"):
        ingest(config, tmp_path)

    aside = len(letters(settings))
    (found,) = (each for each in counts(evidence_in(settings)) if each.rows_in)
    assert aside < 1_000
    assert found.waiting == 5_000 - aside
    assert found.faults == []


def test_a_feed_that_was_stopped_is_not_drained_by_starting_again_but_read_by_a_mended_release(
    config: Path, tmp_path: Path
) -> None:
    settings = settings_in(config)
    produce(settings, list(map(plain_row, range(3_000))), key_of=lambda row: b"one")
    mended = config.read_text()
    config.write_text(mended + '\n[feed.columns]\namount = "sum"\n')
    drained = []
    for _ in range(7):
        with pytest.raises(DataUnusable, match="--max-reject-share"):
            ingest(config, tmp_path)
        drained.append(len(letters(settings)))
    config.write_text(mended)

    ingest(config, tmp_path)
    send_again(settings, letters(settings))
    ingest(config, tmp_path)

    assert drained[-2] == drained[-1] < 1_000
    (found,) = (each for each in counts(evidence_in(settings)) if each.rows_in)
    assert found.fates["scored"] == 3_000
    assert found.faults == []


def ingest(config: Path, folder: Path) -> None:
    run_stages(Wish(feed="kafka", config=config, out=folder / "out", stage="ingest"))
