"""A short dose of a network that tears transactions; the long ones are in test_reliability.py."""

from pathlib import Path

import pytest

from palermo.audit import counts, evidence_in
from palermo.live.running import run_stages
from palermo.running import Wish
from palermo.topics import apply_topics, plan_topics
from tests.integration.broker import some_settings
from tests.integration.proxy import END_TRANSACTION, Loss, Proxy
from tests.integration.stages import PLAIN_FEED, kafka_section, plain_row, produce

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

ROWS = 4_000
LOSSES = 6


def test_where_ends_of_transactions_get_lost_every_row_is_taken_in_once(
    proxied: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, address = proxied
    settings = some_settings(address)
    apply_topics(settings, plan_topics(settings))
    produce(settings, list(map(plain_row, range(ROWS))))
    far = settings.model_copy(update={"bootstrap": (proxy.address,)})
    (tmp_path / "palermo.toml").write_text(PLAIN_FEED + kafka_section(far))
    lost = list[Loss]()

    def lose(kind: int) -> Loss:
        if kind != END_TRANSACTION or len(lost) == LOSSES:
            return "none"
        lost.append("answer" if len(lost) % 2 else "request")
        return lost[-1]

    proxy.lose = lose
    run_stages(
        Wish(feed="kafka", config=tmp_path / "palermo.toml", out=tmp_path / "out", stage="ingest")
    )
    proxy.calm()

    assert len(lost) == LOSSES
    found = counts(evidence_in(settings))
    assert sum(each.fates.get("scored", 0) for each in found) == ROWS
    assert [each.faults for each in found] == [[], []]
