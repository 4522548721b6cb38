"""The slice of a block that a trigger sees, and which movements in it count."""

from ingest.kernels.inner import lean
from models.kernels.arena import Columns, Int8s, Int64s
from models.mask import Mask

DAY = 86_400_000_000
HUB_MOVEMENTS = 1_000
HUB_WINDOW = 30 * DAY
LONGEST_DAYS = 200
"""Local days the longest test looks back; blocks keep at least this much."""

LONG_DAYS = 180
RETURN = int(Mask.RETURN)
IN = int(Mask.IN)
OUT = int(Mask.OUT)
NOT_MOVED = int(Mask.OWN_TRANSFER | Mask.BANK_LEDGER)


@lean
def collect(
    columns: Columns, start: int, trigger: int, account: int, days: int, picked: Int64s,
    masks: Int64s,
) -> tuple[int, bool]:  # fmt: skip
    """Slots of the scope's movements of the last `days` days (two more, for local days) up to and
    including offset `trigger`, newest first, written to `picked`, and their bits beside them to
    `masks`; how many, and whether the hub cap cut them. account -1 = all of the holder.
    O(movements in those days), at most 1,000 of a hub."""
    at = start + trigger
    oldest = columns.time[at] - (days + 2) * DAY
    n = 0
    for slot in range(at, start - 1, -1):
        if columns.time[slot] < oldest:
            break
        if account >= 0 and columns.account[slot] != account:
            continue
        if n == HUB_MOVEMENTS and columns.time[slot] > columns.time[at] - HUB_WINDOW:
            return n, True
        picked[n], masks[n] = slot, columns.mask[slot]
        n += 1
    return n, False


@lean
def mark_counted(columns: Columns, picked: Int64s, masks: Int64s, n: int, counted: Int8s) -> None:
    """counted[i] = 1 where picked[i] is neither a return nor cancelled by one. O(n x returns)."""
    for i in range(n):
        counted[i] = 0 if masks[i] & RETURN else 1
    for i in range(n):
        if not masks[i] & RETURN:
            continue
        slot = picked[i]
        for k in range(i + 1, n):
            other = picked[k]
            if (
                columns.account[other] == columns.account[slot]
                and columns.txn_hi[other] == columns.reversal_hi[slot]
                and columns.txn_lo[other] == columns.reversal_lo[slot]
            ):
                counted[k] = 0


@lean
def is_in_window(columns: Columns, slot: int, at: int, window: int) -> bool:
    """Whether a movement at or before the trigger lies in (t - window, t]: exact up to 60 days,
    whole local days beyond."""
    if window <= 60 * DAY:
        return columns.time[slot] > columns.time[at] - window
    return columns.day[slot] > columns.day[at] - window // DAY


@lean
def is_in_past(columns: Columns, slot: int, at: int, window: int) -> bool:
    """Whether a movement lies in the window before: (t - 2 x window, t - window]."""
    if window <= 60 * DAY:
        since = columns.time[at] - window
        return since - window < columns.time[slot] <= since
    until = columns.day[at] - window // DAY
    return until - window // DAY < columns.day[slot] <= until
