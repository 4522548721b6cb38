"""The topics as an outlet: what the store has committed goes out, then is marked as published."""

from collections.abc import Sequence
from typing import Protocol

from alerts.alert import AlertRevision
from alerts.store import Store
from ingest.feed import Reject


class Sink(Protocol):
    """Publishes durably and once by id; see `alerts.kafka_sink`."""

    def publish_rejects(self, rejects: Sequence[Reject]) -> None: ...

    def publish_alerts(self, revisions: Sequence[AlertRevision]) -> None: ...


class TopicOutlet:
    """An Outlet of the loop over a sink and the store's outbox."""

    def __init__(self, store: Store, sink: Sink) -> None:
        self._store, self._sink = store, sink

    def publish_rejects(self, rejects: Sequence[Reject]) -> None:
        self._sink.publish_rejects(rejects)

    def publish_committed(self) -> None:
        """Empties the outbox. A crash between the two steps publishes again, under the same id."""
        while True:
            with self._store.transaction() as transaction:
                waiting = transaction.unpublished()
            if not waiting:
                return
            self._sink.publish_alerts(waiting)
            with self._store.transaction() as transaction:
                transaction.mark_published(waiting)
