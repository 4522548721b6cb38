"""The topics as an outlet: what the store has committed goes out, then is marked as published."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, TypeVar

from msgspec import structs

from alerts.alert import AlertRevision
from alerts.pseudonym import Pseudonyms
from ingest.feed import Reject

Answer = TypeVar("Answer")


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


class Patience(Protocol):
    """Does a step with the store, and again while somebody else holds it."""

    def __call__(self, step: Callable[[], Answer], /) -> Answer: ...


def _at_once(step: Callable[[], Answer]) -> Answer:
    return step()


class TopicOutlet:
    """An Outlet of the loop over a sink and the store's outbox."""

    def __init__(self, store: Outbox, sink: Sink, pseudonyms: Pseudonyms | None) -> None:
        """`pseudonyms` hide protected parties; None where the topic's readers may see them."""
        self._store, self._sink, self._pseudonyms = store, sink, pseudonyms

    def publish_rejects(self, rejects: Sequence[Reject]) -> None:
        self._sink.publish_rejects(rejects)

    def publish_committed(self, patiently: Patience = _at_once) -> None:
        """Empties the outbox. A crash between the two steps publishes again, under the same id;
        waiting for the store between them does not."""
        while waiting := patiently(self._waiting):
            self._sink.publish_alerts([self._shown(revision) for revision in waiting])
            patiently(partial(self._mark, waiting))

    def _waiting(self) -> Sequence[AlertRevision]:
        with self._store.transaction() as transaction:
            return transaction.unpublished()

    def _mark(self, revisions: Sequence[AlertRevision]) -> None:
        with self._store.transaction() as transaction:
            transaction.mark_published(revisions)

    def _shown(self, revision: AlertRevision) -> AlertRevision:
        if self._pseudonyms is None:
            return revision
        return structs.replace(revision, alert=self._pseudonyms.hide(revision.alert))
