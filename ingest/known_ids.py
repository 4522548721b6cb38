"""The ids of one source inside the lateness that have one content, in flat memory."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.kernels.cells import Int8s
from ingest.kernels.ids import SEVERAL, Entries, decide_new, empty_entries, enter_all, find_slot

_FEWEST = 1 << 10
_LOAD = 2
"""Slots for each entry there is room for."""
_PARTIES = {
    "orig_account": "orig_account_id",
    "orig_party": "orig_party_id",
    "benef_account": "benef_account_id",
    "benef_party": "benef_party_id",
}
_PLAIN = {
    "high": "txn_hi",
    "low": "txn_lo",
    "sequence": "source_sequence",
    "content_high": "content_hi",
    "content_low": "content_lo",
    "orig_holds": "orig_holds",
    "benef_holds": "benef_holds",
}
_NOBODY = 0xFFFFFFFF


class KnownIds:
    """An open-addressing table over ENTRY records: about 120 bytes an id."""

    def __init__(self) -> None:
        self.entries: Entries = empty_entries(_FEWEST)
        self.count = 0
        self._slots = np.zeros(_FEWEST * _LOAD, np.int32)

    def decide_new(
        self, rows: Entries, first: int, latest: int, verdicts: Int8s, limits: tuple[int, int, int]
    ) -> tuple[int, int, int]:
        """As the kernel: the row left to the caller, the largest and the smallest event time."""
        self._make_room(len(rows) - first)
        row, self.count, latest, earliest = decide_new(
            rows, self.entries, self.count, self._slots, first, latest, *limits, verdicts
        )
        return row, latest, earliest

    def find(self, high: int, low: int) -> int:
        """The entry of an id, or -1."""
        slot = find_slot(self.entries, self._slots, np.uint64(high), np.uint64(low))
        return int(self._slots[slot]) - 1

    def mark_several(self, at: int) -> None:
        self.entries["status"][at] = SEVERAL

    def keep(self, is_kept: npt.NDArray[np.bool_]) -> None:
        """Drops the other entries."""
        kept = self.entries[: self.count][is_kept]
        self.count = len(kept)
        self._rebuild(kept, max(self.count, _FEWEST))

    def last_party(self) -> int:
        """The largest number of a party among the entries; -1 if there is none."""
        fields = (self.entries[field][: self.count] for field in _PARTIES)
        return max((int(each[each != _NOBODY].max(initial=0)) for each in fields), default=-1)

    def enter(self, entries: bytes) -> None:
        """These entries and no others."""
        kept = np.frombuffer(entries, self.entries.dtype)
        self.count = len(kept)
        self._rebuild(kept, 1 << max(self.count, _FEWEST).bit_length())

    def _make_room(self, more: int) -> None:
        needed = self.count + more
        if needed > len(self.entries):
            self._rebuild(self.entries[: self.count], 1 << (needed - 1).bit_length())

    def _rebuild(self, kept: Entries, size: int) -> None:
        entries = empty_entries(size)
        entries[: self.count] = kept
        self.entries = entries
        self._slots = np.zeros(_LOAD << (size - 1).bit_length(), np.int32)
        enter_all(self.entries, self.count, self._slots)


class Parties:
    """Names as numbers, each kept once."""

    def __init__(self) -> None:
        self._names = pl.Categorical(pl.Categories.random())
        # The categories live as long as a column of theirs does.
        self._kept = pl.Series([""], dtype=self._names)
        self._known: list[str] = []

    def numbers(self, names: pl.Series) -> npt.NDArray[np.uint32]:
        return names.cast(self._names).to_physical().cast(pl.UInt32).fill_null(_NOBODY).to_numpy()

    def upto(self, last: int) -> list[str]:
        """The names of all numbers up to one, in their order."""
        self._learn(last)
        return self._known[: last + 1]

    def enter(self, names: list[str]) -> None:
        """These names under these numbers, where there were none."""
        numbers = self.numbers(pl.Series(names, dtype=pl.String)).tolist()
        assert numbers == list(range(len(names))), "numbers are given in order of arrival"

    def name(self, number: int) -> str | None:
        if number == _NOBODY:
            return None
        self._learn(number)
        return self._known[number]

    def _learn(self, number: int) -> None:
        if number >= len(self._known):
            new = pl.Series(range(len(self._known), number + 1), dtype=pl.UInt32)
            self._known += new.cat.to(self._names).cast(pl.String).to_list()


def entries_of(rows: pl.DataFrame, parties: Parties, ranks: Mapping[str, int]) -> Entries:
    """ENTRY records of rows; ranks: the place of each status in the order of statuses."""
    entries = empty_entries(rows.height)
    for field, name in _PLAIN.items():
        entries[field] = rows[name].to_numpy()
    for field, name in _PARTIES.items():
        entries[field] = parties.numbers(rows[name])
    event_time = rows["event_time"].cast(pl.Int64).to_numpy()
    reported = rows["ingest_time"].cast(pl.Int64)
    is_reported = reported.is_not_null().to_numpy()
    statuses = pl.Enum(sorted(ranks, key=ranks.__getitem__))
    entries["event_time"] = event_time
    entries["is_reported"] = is_reported
    entries["report_time"] = np.where(is_reported, reported.fill_null(0).to_numpy(), event_time)
    entries["revision"] = rows["source_revision"].fill_null(0).to_numpy()
    entries["status"] = rows["status"].cast(statuses).to_physical().to_numpy()
    entries["row"] = np.arange(rows.height)
    return entries
