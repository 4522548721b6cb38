"""What the bank knows of customers, accounts and places, read whole before any movement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A party that holds accounts. Money in minor units of the base currency."""

    party_id: str
    party_type: str = "PERSON"
    birth_year: int | None = None
    occupation: str | None = None
    home_region: str | None = None
    work_region: str | None = None
    monthly_income: int | None = None
    onboarding_date: date | None = None
    segment: str = "person"
    devices: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    address: str | None = None
    """Numbers and address as keyed hashes: shared ones are equal."""
    related: tuple[str, ...] = ()
    """Declared relations (guardian, spouse, parent, same household): party ids."""
    is_merchant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    account_id: str
    holder: str | None
    institution: str | None = None
    currency: str | None = None
    opened: date | None = None
    valid_from: datetime | None = None
    """From when `holder` holds it; None = always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A branch, machine, agent or shop. Degrees WGS84; border_km to the nearest crossing or SEZ."""

    place_id: str
    kind: str | None = None
    country: str | None = None
    region: str | None = None
    lat: float | None = None
    lon: float | None = None
    border_km: float | None = None
    is_special_zone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A line of a public register. kind: MVTS, RECRUITMENT, TRAVEL, TOPUP_AGENT; NGO,
    MASS_ORGANISATION, INTERNATIONAL, EMBASSY; SCHOOL."""

    holder: str
    kind: str
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """All reference data of one feed. `missing` names the reference feeds that were absent."""

    customers: Mapping[str, Customer] = field(default_factory=dict)
    accounts: Mapping[str, Sequence[Account]] = field(default_factory=dict)
    """By account id, ordered by valid_from."""
    places: Mapping[str, Place] = field(default_factory=dict)
    licences: Mapping[str, Sequence[Licence]] = field(default_factory=dict)
    """By holder party id."""
    missing: tuple[str, ...] = ()
    fingerprint: str = ""
    """Hash over all rows, part of the bundle's hash."""
    faults: tuple[str, ...] = ()
    """Rows left out: where they lie and what was expected, without personal data."""
