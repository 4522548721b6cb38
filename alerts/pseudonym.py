"""Protected parties by another name, in sinks whose readers are not cleared to know them."""

import hmac
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from alerts.alert import Alert
from alerts.errors import PseudonymKeyError

LEAST_KEY_BYTES = 32
EXAMINED = frozenset({"possible_controller", "collector", "mule", "facilitator"})
"""Roles that are named everywhere; whoever has another one beside it stays protected."""
KEPT_AS_IS = frozenset({"transaction_ids", "trigger"})
"""The bank's references of transactions: needed to ask for them, and no party's name."""


class Pseudonyms:
    """The same id always gets the same name under one key; without it none can be undone."""

    def __init__(self, key: bytes) -> None:
        if len(key) < LEAST_KEY_BYTES:
            raise PseudonymKeyError(
                f"the pseudonym key has {len(key)} bytes and needs {LEAST_KEY_BYTES}; make one "
                "with `head -c 32 /dev/urandom`"
            )
        self._key = key

    @classmethod
    def from_file(cls, path: Path | None) -> "Pseudonyms":
        """Raises PseudonymKeyError if no file is set, or it cannot be read or is too short."""
        if path is None:
            raise PseudonymKeyError(
                "alerts.pseudonym_key_file: needed because a sink is not cleared; name a file "
                "with at least 32 random bytes, readable by this user only"
            )
        try:
            return cls(path.read_bytes())
        except OSError as fault:
            raise PseudonymKeyError(
                f"alerts.pseudonym_key_file: {path}: {fault.strerror}; name an existing file"
            ) from fault

    def name(self, identity: str) -> str:
        digest = hmac.new(self._key, identity.encode(), sha256).hexdigest()
        return f"PSEUDONYM-{digest[:20]}"

    def hide(self, alert: Alert) -> Alert:
        """The alert with every protected party and account under a pseudonym, texts included."""
        names = {each: self.name(each) for each in protected(alert)}
        if not names:
            return alert
        whole = msgspec.to_builtins(alert)
        return msgspec.convert(_renamed(whole, names, _pattern(names)), type=Alert)


def protected(alert: Alert) -> frozenset[str]:
    """Parties and accounts that a reader who is not cleared must not learn: possible victims,
    payers, and others who are not examined. A subject of unknown role is examined."""
    return frozenset(_protected(alert))


def _protected(alert: Alert) -> Iterator[str]:
    shielded = {role.party for role in alert.roles if role.role in ("possible_victim", "payer")}
    examined = {role.party for role in alert.roles if role.role in EXAMINED} | {alert.subject.id}
    for role in alert.roles:
        if role.party in shielded or role.party not in examined:
            yield role.party
            yield from [role.account] if role.account is not None else []
    for link in alert.links:
        yield from (party for party in link.parties if party not in examined)
    if alert.subject.id in shielded:
        yield from (*alert.accounts, *alert.customers)


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    """Whole ids only: one id may begin with another."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


def _renamed(value: object, names: Mapping[str, str], pattern: re.Pattern[str]) -> object:
    if isinstance(value, str):
        return names.get(value) or pattern.sub(lambda found: names[found[0]], value)
    if isinstance(value, list | tuple):
        return [_renamed(each, names, pattern) for each in value]
    if isinstance(value, dict):
        return {
            name: each if name in KEPT_AS_IS else _renamed(each, names, pattern)
            for name, each in value.items()
        }
    return value
