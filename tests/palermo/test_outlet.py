"""What leaves for a topic: committed alerts, protected parties hidden from uncleared readers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from alerts.alert import AlertRevision
from alerts.pseudonym import Pseudonyms
from ingest.feed import Reject
from palermo.outlet import TopicOutlet
from tests.alerts.samples import victims

KEY = b"0123456789abcdef0123456789abcdef"


class Outbox:
    """A store with revisions that wait until they are marked."""

    def __init__(self, waiting: Sequence[AlertRevision]) -> None:
        self.waiting = list(waiting)

    @contextmanager
    def transaction(self) -> Iterator["Outbox"]:
        yield self

    def unpublished(self) -> list[AlertRevision]:
        return list(self.waiting)

    def mark_published(self, revisions: Sequence[AlertRevision]) -> None:
        self.waiting = [each for each in self.waiting if each not in revisions]


class ListSink:
    def __init__(self) -> None:
        self.alerts: list[AlertRevision] = []

    def publish_rejects(self, rejects: Sequence[Reject]) -> None:
        assert not rejects

    def publish_alerts(self, revisions: Sequence[AlertRevision]) -> None:
        self.alerts.extend(revisions)


@pytest.mark.parametrize("is_cleared", [True, False])
def test_possible_victims_are_named_only_where_readers_are_cleared(is_cleared: bool) -> None:
    alert = victims().alert
    protected = [r.party for r in alert.roles if r.role == "possible_victim"]
    outbox, sink = Outbox([AlertRevision(alert=alert, revision=1)]), ListSink()

    TopicOutlet(outbox, sink, None if is_cleared else Pseudonyms(KEY)).publish_committed()

    (published,) = sink.alerts
    shown = [r.party for r in published.alert.roles if r.role == "possible_victim"]
    assert protected
    assert (shown == protected) is is_cleared
    assert published.alert.alert_id == alert.alert_id
    assert outbox.waiting == []
