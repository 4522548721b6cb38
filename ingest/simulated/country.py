"""The map of the simulated country: subdivisions by ISO 3166-2 code, every town and place invented.

Coordinates are rough centres of the subdivisions, good to tens of kilometres: enough for distances
between towns, useless for finding anything.
"""

from dataclasses import dataclass

from ingest.reference import Place

COUNTRY = "LA"
CURRENCY = "LAK"
KIP_PER_USD = 21_500
UTC_OFFSET_MINUTES = 420
MACHINE_LIMIT = 4_000_000
"""Kip that a cash machine gives at a time."""
DEPOSIT_LIMIT = 30_000_000
"""Kip that a cash machine takes at a time."""
REPORTING_LIMIT = 100_000_000
"""Kip in cash from which a bank must report."""
OTHER_ACCOUNTS = 999_990
"""Accounts at other banks, by number; the remainder by the count of towns says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The one town of a subdivision. border_km: to the nearest crossing."""

    region: str
    name: str
    lat: float
    lon: float
    border_km: float


def _town(region: str, name: str, lat: float, lon: float, border_km: float) -> Town:
    return Town(region=region, name=name, lat=lat, lon=lon, border_km=border_km)


TOWNS: tuple[Town, ...] = (
    _town("LA-VT", "LANTERN TOWN", 17.97, 102.61, 42.0),
    _town("LA-VI", "MILLSTONE", 18.75, 102.40, 95.0),
    _town("LA-LP", "HERON BEND", 19.88, 102.13, 140.0),
    _town("LA-OU", "TEAK HILL", 20.70, 101.99, 88.0),
    _town("LA-LM", "COPPER FORD", 20.95, 101.40, 51.0),
    _town("LA-BK", "KITE LANDING", 20.28, 100.42, 4.0),
    _town("LA-PH", "FERN PASS", 21.68, 102.10, 60.0),
    _town("LA-HO", "CICADA WELL", 20.42, 104.05, 55.0),
    _town("LA-XI", "PLUM PLAIN", 19.45, 103.22, 120.0),
    _town("LA-XA", "WEAVER FIELD", 19.25, 101.72, 46.0),
    _town("LA-XS", "MONSOON GAP", 18.90, 103.10, 84.0),
    _town("LA-BL", "SALT ROAD", 18.40, 103.65, 38.0),
    _town("LA-KH", "TAMARIND QUAY", 17.42, 104.80, 9.0),
    _town("LA-SV", "RIVER GATE", 16.56, 104.76, 3.0),
    _town("LA-SL", "BANYAN CROSS", 15.72, 106.42, 70.0),
    _town("LA-XE", "ORCHID MILL", 15.35, 106.73, 65.0),
    _town("LA-CH", "INDIGO MARKET", 15.12, 105.80, 12.0),
    _town("LA-AT", "STONE OX", 14.81, 106.83, 58.0),
)

BORDER_TOWNS: tuple[int, ...] = tuple(i for i, town in enumerate(TOWNS) if town.border_km <= 30)

KINDS: tuple[tuple[str, int], ...] = (
    ("BRANCH", 1),
    ("ATM", 3),
    ("CDM", 1),
    ("AGENT", 2),
    ("SHOP", 3),
)
"""What stands in every town, and how many of each."""


def place_id(town: int, kind: str, number: int) -> str:
    """The name of a place: "LANTERN TOWN ATM 3"."""
    return f"{TOWNS[town].name} {kind} {number}"


def places() -> tuple[Place, ...]:
    """Every branch, machine, agent and shop, in the order of TOWNS and KINDS."""
    return tuple(
        _place(town, kind, number)
        for town in range(len(TOWNS))
        for kind, count in KINDS
        for number in range(1, count + 1)
    )


def _place(town: int, kind: str, number: int) -> Place:
    home = TOWNS[town]
    return Place(
        place_id=place_id(town, kind, number),
        kind=kind,
        country=COUNTRY,
        region=home.region,
        lat=round(home.lat + 0.004 * number, 4),
        lon=round(home.lon + 0.003 * len(kind), 4),
        border_km=home.border_km,
    )
