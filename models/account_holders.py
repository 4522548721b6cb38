"""Who holds each account, as the bank knows it, by interned number."""

from collections.abc import Mapping, Sequence

import numpy as np

from ingest.reference import Account
from ingest.times import microseconds
from models.kernels.arena import Int32s, Int64s
from models.names import NO_NAME, Names, looked_up, table_of

EVER = np.iinfo(np.int64).min


class AccountHolders:
    """The bank's own list of accounts as a table, so that a row costs a look-up."""

    def __init__(self, names: Names, accounts: Mapping[str, Sequence[Account]]) -> None:
        """Gives every account and holder of the list a number."""
        always = dict[int, int]()
        self._dated = dict[int, Sequence[tuple[int, int]]]()
        for account, versions in accounts.items():
            number = names.number(account)
            if len(versions) == 1 and versions[0].valid_from is None:
                always[number] = names.optional(versions[0].holder)
            else:
                self._dated[number] = sorted(
                    ((_start(each), names.optional(each.holder)) for each in versions),
                    key=lambda version: version[0],
                )
        size = len(names)
        self._always = table_of(size, NO_NAME, list(always), list(always.values()))
        self._is_dated = table_of(size, 0, list(self._dated), [1] * len(self._dated))

    def at(self, accounts: Int32s, parties: Int32s, times: Int64s) -> Int32s:
        """Whom each account belongs to at a time in microseconds, else the party named; NO_NAME
        where nobody knows."""
        holders = looked_up(self._always, accounts, NO_NAME)
        for row in np.flatnonzero(looked_up(self._is_dated, accounts, 0)):
            holders[row] = _holder_on(self._dated[int(accounts[row])], int(times[row]))
        return np.where(holders >= 0, holders, parties).astype(np.int32)


def _holder_on(versions: Sequence[tuple[int, int]], time: int) -> int:
    """The holder of the last version from at or before the time."""
    holder = NO_NAME
    for valid_from, of in versions:
        if valid_from <= time:
            holder = of
    return holder


def _start(version: Account) -> int:
    """From when it holds, in microseconds."""
    return EVER if version.valid_from is None else microseconds(version.valid_from)
