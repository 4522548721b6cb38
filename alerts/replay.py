"""Whether an alert derived again from its frozen evidence is the alert that was raised."""

import msgspec

from alerts.alert import Alert, alert_json
from alerts.errors import ReplayError

LEFT_OUT = frozenset({"origin", "status", "superseded_by", "review_due_at"})
"""They say when and why it was run, and what came later; no part of what was found."""


def differing_fields(frozen: bytes, derived: Alert) -> list[str]:
    """Fields of the record whose bytes differ, in order of the record; empty if it is the same.

    frozen: the alert as it was written, a line of alerts.ndjson. Raises ReplayError if it is no
    such line.
    """
    known, now = _fields(frozen), _fields(alert_json(derived))
    names = dict.fromkeys([*known, *now])
    return [name for name in names if name not in LEFT_OUT and known.get(name) != now.get(name)]


def _fields(line: bytes) -> dict[str, bytes]:
    try:
        raw = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as fault:
        raise ReplayError(
            f"the frozen alert cannot be read ({fault}); restore palermo.db from a copy"
        ) from fault
    return {name: bytes(value) for name, value in raw.items()}
