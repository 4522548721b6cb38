"""The topics as an outlet: what the store has committed goes out, then is marked as published."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import structs

from alerts.alert import AlertRevision
from alerts.pseudonym import Pseudonyms
from ingest.feed import Reject


class Sink(Protocol):
    """Publishes durably and once by id; see `alerts.kafka_sink`."""

    def publish_rejects(self, rejects: Sequence[Reject]) -> None: ...

    def publish_alerts(self, revisions: Sequence[AlertRevision]) -> None: ...


class Transaction(Protocol):
    """The part of a store's transaction that holds the outbox."""

    def unpublished(self) -> Sequence[AlertRevision]: ...

    def mark_published(self, revisions: Sequence[AlertRevision]) -> None: ...


class Outbox(Protocol):
    """A store, as far as the outlet needs it."""

    def transaction(self) -> AbstractContextManager[Transaction]: ...


class TopicOutlet:
    """An Outlet of the loop over a sink and the store's outbox."""

    def __init__(self, store: Outbox, sink: Sink, pseudonyms: Pseudonyms | None) -> None:
        """`pseudonyms` hide protected parties; None where the topic's readers may see them."""
        self._store, self._sink, self._pseudonyms = store, sink, pseudonyms

    def publish_rejects(self, rejects: Sequence[Reject]) -> None:
        self._sink.publish_rejects(rejects)

    def publish_committed(self) -> None:
        """Empties the outbox. A crash between the two steps publishes again, under the same id."""
        while True:
            with self._store.transaction() as transaction:
                waiting = transaction.unpublished()
            if not waiting:
                return
            self._sink.publish_alerts([self._shown(revision) for revision in waiting])
            with self._store.transaction() as transaction:
                transaction.mark_published(waiting)

    def _shown(self, revision: AlertRevision) -> AlertRevision:
        if self._pseudonyms is None:
            return revision
        return structs.replace(revision, alert=self._pseudonyms.hide(revision.alert))
