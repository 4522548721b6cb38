"""What fates are decided by, as bytes: numbers of more than 64 bits as halves."""

import msgspec

Halves = tuple[int, int]
"""High and low 64 bits of an id or a content hash."""


class AddressState(msgspec.Struct, frozen=True, array_like=True):
    """A content: where its movements lie, and its hash."""

    event_time: int
    source_sequence: int
    orig_account_id: str | None
    orig_party_id: str | None
    benef_account_id: str | None
    benef_party_id: str | None
    orig_holds: bool
    benef_holds: bool
    content: Halves


class GroupState(msgspec.Struct, frozen=True, array_like=True):
    """Contents of one id near each other; others: highest revision by content, empty if one."""

    first_event: int
    last_event: int
    first_report: int
    last_report: int
    revision: int
    status_rank: int
    best: AddressState
    others: list[tuple[Halves, int]]


class FatesState(msgspec.Struct, frozen=True, kw_only=True):
    """latest: largest event time by source and partition; parties: names in order of their
    numbers; entries: ENTRY records by source; groups: of ids with several rows, by source."""

    latest: list[tuple[str, str, int]]
    earliest: int | None
    swept_until: dict[str, int]
    parties: list[str]
    entries: dict[str, bytes]
    groups: dict[str, list[tuple[Halves, list[GroupState]]]]


def halves(number: int) -> Halves:
    return number >> 64, number & ((1 << 64) - 1)


def whole(parts: Halves) -> int:
    return parts[0] << 64 | parts[1]
