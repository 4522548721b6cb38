"""How far each input partition has come: what an engine fed by several of them must know."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from ingest.transaction import TransactionBatch


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """partition: an input partition; partitions: how many there are in all. history_start and
    seen_until as in a TransactionBatch, of this partition alone; None before its first row."""

    partition: str
    partitions: int
    history_start: datetime | None
    seen_until: datetime | None


class Clocks:
    """The clocks of all input partitions, as far as heard of."""

    def __init__(self, heard: Mapping[str, Clock] | None = None) -> None:
        self._heard = dict(heard or {})

    @classmethod
    def put_down_in(cls, position: Mapping[str, object]) -> "Clocks":
        """The clocks of a `position`."""
        return cls(msgspec.convert(position["clocks"], type=dict[str, Clock]))

    @property
    def position(self) -> dict[str, object]:
        """The last clock of each partition, to be kept in JSON."""
        return {"clocks": msgspec.to_builtins(self._heard)}

    def note(self, clock: Clock) -> None:
        self._heard[clock.partition] = clock

    @property
    def history_start(self) -> datetime | None:
        """The earliest event time any partition has shown."""
        return min(_told(each.history_start for each in self._heard.values()), default=None)

    @property
    def seen_until(self) -> datetime | None:
        """The largest event time seen in the partition furthest behind: rows older than it minus
        the lateness are late everywhere. None until every partition was heard of, so that nothing
        is let go too soon; one that has no rows holds nobody up."""
        clocks = self._heard.values()
        if len(clocks) < max((each.partitions for each in clocks), default=1):
            return None
        return min(_told(each.seen_until for each in clocks), default=None)

    def stamped(self, clocks: Iterable[Clock], batch: TransactionBatch) -> TransactionBatch:
        """A batch and the clocks that came with it, as all partitions together date it."""
        for clock in clocks:
            self.note(clock)
        return TransactionBatch(
            added=batch.added,
            retracted=batch.retracted,
            history_start=self.history_start,
            seen_until=self.seen_until,
        )


def _told(times: Iterable[datetime | None]) -> Iterable[datetime]:
    return (time for time in times if time is not None)
