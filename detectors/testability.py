"""What a feed provides, and what it therefore leaves blind. Not testable is not clean."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from detectors.typology import Condition, Definition, Part, Typology
from ingest.reference import References

COLUMN_GROUPS = {
    "place": ("place_id", "location_region"),
    "device": ("device_hash",),
    "counterparty_region": ("orig_region", "benef_region", "orig_country", "benef_country"),
    "spending": ("mcc", "purpose_code"),
    "merchant_category": ("mcc",),
    "conductor": ("conductor_party_id",),
    "text": ("remittance_text",),
}
"""A need and the transaction columns of which it takes at least one."""

WORDS = {
    "place": "no place (branch, machine) on the transactions",
    "device": "no device on the transactions",
    "counterparty_region": "no place of the other side",
    "spending": "no merchant category or purpose code",
    "merchant_category": "no merchant category",
    "conductor": "nobody is named who paid cash in",
    "text": "no remittance text on the transactions",
    "customers.monthly_income": "no declared income",
    "customers.minors": "no birth years of customers",
    "customers.devices": "no registered devices",
    "accounts.opened": "no opening dates of accounts",
    "places.coordinates": "no coordinates of places",
    "places.border_km": "no distance of places to the border",
    "reporting_threshold": "no reporting threshold known for the base currency",
    "usd_rate": "no exchange rate to the US dollar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """Needs that the feed and its reference data meet, and how coarse its times are."""

    needs: frozenset[str]
    time_precision: timedelta

    def blindness(self, condition: Part) -> str | None:
        """Why a condition cannot be tested on this feed at all; None where it can."""
        missing = [WORDS[need] for need in condition.needs if need not in self.needs]
        coarsest = condition.coarsest_time if isinstance(condition, Condition) else None
        if coarsest is not None and self.time_precision > coarsest:
            missing.append("times too coarse (dates only)")
        return "; ".join(missing) or None


def provided(
    columns: frozenset[str],
    references: References,
    *,
    time_precision: timedelta,
    has_threshold: bool,
    has_usd_rate: bool,
) -> Provided:
    """`columns`: the canonical transaction columns the feed carries."""
    needs = {need for need, of in COLUMN_GROUPS.items() if any(column in columns for column in of)}
    customers, places = references.customers.values(), references.places.values()
    if any(c.home_region for c in customers):
        needs.add("counterparty_region")
    if any(c.is_merchant for c in customers):
        needs.add("spending")
    found = {
        "customers.monthly_income": any(c.monthly_income for c in customers),
        "customers.minors": any(c.birth_year for c in customers),
        "customers.devices": any(c.devices for c in customers),
        "accounts.opened": any(a.opened for rows in references.accounts.values() for a in rows),
        "places.coordinates": any(p.lat is not None and p.lon is not None for p in places),
        "places.border_km": any(p.border_km is not None or p.is_special_zone for p in places),
        "reporting_threshold": has_threshold,
        "usd_rate": has_usd_rate,
    }
    needs.update(need for need, is_met in found.items() if is_met)
    return Provided(needs=frozenset(needs), time_precision=time_precision)


def blind_spots(typology: Typology, available: Provided) -> Iterator[str]:
    """One sentence for each part of a typology that this feed cannot test."""
    for part in typology.parts:
        reason = available.blindness(part)
        if reason is not None:
            is_silent = isinstance(part, Condition) and part.is_core
            effect = "; the typology is blind without it" if is_silent else ""
            yield f"{part.name}: {reason}{effect}"


def is_blind(typology: Definition, available: Provided) -> bool:
    """Whether a core condition cannot be tested on this feed, so that it can never fire."""
    if not isinstance(typology, Typology):
        return False
    return any(c.is_core and available.blindness(c) is not None for c in typology.conditions)
