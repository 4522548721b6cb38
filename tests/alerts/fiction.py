"""Findings and movements of invented people, with the real typologies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from alerts.alert import House, Origin, Reproduce
from alerts.scoring import ScoreTable
from alerts.settings import AlertSettings
from alerts.totals import BaseMoney
from alerts.triage import Triage
from detectors.catalogue import load_typologies
from detectors.finding import (
    Citation,
    ExculpationResult,
    Fact,
    Family,
    Finding,
    Link,
    SubjectKind,
    TriggerKey,
)
from ingest.reference import Customer, References
from ingest.transaction import transaction_key
from models.evaluated import LEDGER, REPLACES
from models.mask import Mask

START = datetime(2026, 3, 2, tzinfo=UTC)
DEFINITIONS = load_typologies()
REPRODUCE = Reproduce(release="0.0.0", configuration="c0ffee", bundle="b00b1e5")
SCORES = ScoreTable(
    priors={"st-funnel-geo": 0.6, "sx-victim-drain": 0.8},
    default_prior=0.3,
    cuts={"high": 50.0, "medium": 25.0},
)
MONEY = BaseMoney(currency="USD", digits=2)
SOURCE = "feed-fict"
EMPTY_LEDGER = pl.DataFrame(schema=LEDGER)
EMPTY_REPLACES = pl.DataFrame(schema=REPLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A movement of the fiction; `undoes` names the reference it returns."""

    reference: str
    holder: str
    day: float
    side: int
    amount: int = 10_000
    counterparty: str | None = "C-FICT-9999"
    mask: Mask = Mask.TRANSFER | Mask.PRICED
    undoes: str | None = None

    @property
    def time(self) -> datetime:
        return START + timedelta(days=self.day)

    @property
    def trigger(self) -> TriggerKey:
        high, low = transaction_key(SOURCE, self.reference)
        return TriggerKey(time=self.time, sequence=0, txn=f"{high:016x}{low:016x}", side=self.side)

    @property
    def bits(self) -> Mask:
        return self.mask | (Mask.IN if self.side else Mask.OUT)


def triage(
    *,
    settings: AlertSettings | None = None,
    references: References | None = None,
    house: House = "bank",
    origin: Origin = "live",
) -> Triage:
    return Triage(
        definitions=DEFINITIONS,
        references=references or References(),
        settings=settings or AlertSettings(),
        scores=SCORES,
        money=MONEY,
        reproduce=REPRODUCE,
        house=house,
        origin=origin,
    )


def customers(*ids: str, related: Mapping[str, str] | None = None) -> References:
    kin = related or {}
    return References(
        customers={
            each: Customer(party_id=each, related=(kin[each],) if each in kin else ())
            for each in ids
        }
    )


def ledger(moves: Iterable[Move]) -> pl.DataFrame:
    """LEDGER rows; a return cancels what it names, and of several the earliest does."""
    listed = list(moves)
    latest_first = sorted(listed, key=lambda m: m.day, reverse=True)
    undone = {(m.holder, m.undoes): m.reference for m in latest_first if m.undoes is not None}
    rows = [_row(each, undone.get((each.holder, each.reference))) for each in listed]
    return pl.DataFrame(rows, schema=LEDGER)


def replaces(since: Mapping[str, TriggerKey]) -> pl.DataFrame:
    rows = [
        {
            "holder": holder,
            "since_time": key.time,
            "since_sequence": key.sequence,
            "since_hi": int(key.txn[:16], 16),
            "since_lo": int(key.txn[16:], 16),
            "since_side": key.side,
        }
        for holder, key in sorted(since.items())
    ]
    return pl.DataFrame(rows, schema=REPLACES)


def replaced_from(holder: str, day: float) -> pl.DataFrame:
    """All of a holder's findings from a day on."""
    time = START + timedelta(days=day)
    return replaces({holder: TriggerKey(time=time, sequence=-(1 << 62), txn="0" * 32, side=0)})


def fact(
    name: str,
    value: float | int,
    *,
    threshold: float | int | None = 1,
    family: Family | None = "structure",
    columns: tuple[str, ...] = ("amount",),
    unit: str = "times",
    own_past: float | int | None = None,
    is_met: bool = True,
) -> Fact:
    return Fact(
        name=name,
        value=value,
        unit=unit,
        threshold=threshold,
        own_past=own_past,
        peers=None,
        family=family,
        columns=columns,
        is_met=is_met,
    )


FUNNEL_FACTS = (
    fact("deposit_regions", 4, threshold=3, family="movement", columns=("place_id",)),
    fact("far_share", 0.9, threshold=0.6, family="movement", columns=("place_id",), unit="share"),
    fact("dwell", 9.5, threshold=48, columns=("event_time", "amount"), unit="hours"),
)
STRUCTURING_FACTS = (
    fact("near_pattern", 2.0, threshold=1.2, columns=("amount", "is_cash")),
    fact("excess_mass", 5, threshold=4, columns=("amount", "is_cash")),
    fact("past_excess_mass", 9, threshold=8, family=None, columns=("amount", "is_cash")),
)
COLLECTOR_FACTS = (
    fact("payers", 12, threshold=10, columns=("orig_account_id",), unit="payers"),
    fact("band_share", 0.9, threshold=0.6, unit="share"),
    fact(
        "payer_regions",
        5,
        threshold=4,
        family="movement",
        columns=("orig_region", "orig_country"),
        unit="subdivisions",
    ),
)
DRAINED_FACTS = (
    fact("credits", 6, threshold=5, unit="credits"),
    fact(
        "top_payee_share",
        0.97,
        threshold=0.7,
        family="link",
        columns=("benef_account_id",),
        unit="share",
    ),
    fact("own_life_share", 0.0, threshold=0.05, family="link", columns=("mcc",), unit="share"),
)
FACTS = {
    "st-funnel-geo": FUNNEL_FACTS,
    "st-structuring": STRUCTURING_FACTS,
    "som-collector-fanin": COLLECTOR_FACTS,
    "sx-drained-account": DRAINED_FACTS,
}


def finding(
    typology: str,
    move: Move,
    *,
    strength: float = 0.5,
    facts: Sequence[Fact] | None = None,
    cleared_by: tuple[str, ...] = (),
    exculpations: tuple[ExculpationResult, ...] = (),
    not_testable: tuple[str, ...] = (),
    receiver: str | None = None,
    subject_kind: SubjectKind = "customer",
    days: int = 30,
) -> Finding:
    """A level-1 finding triggered by a movement, citing the holder's last `days` days."""
    since = move.time - timedelta(days=days)
    return Finding(
        typology=typology,
        version=1,
        level=1,
        is_signal=typology == "sx-drained-account",
        subject_kind=subject_kind,
        subject_id=move.holder,
        holder=move.holder,
        accounts=(account_of(move.holder),),
        trigger=move.trigger,
        trigger_reference=move.reference,
        window_start=since,
        window_end=move.time,
        strength=strength,
        facts=tuple(FACTS[typology] if facts is None else facts),
        not_testable=not_testable,
        exculpations=exculpations,
        cleared_by=cleared_by,
        links=() if receiver is None else (Link(kind="receiver", id=receiver),),
        citations=(
            Citation(
                holder=move.holder,
                account=None,
                since=since,
                upto=move.trigger,
                mask_any=int(Mask.IN | Mask.OUT),
            ),
        ),
        feeders=(),
    )


def without(facts: Sequence[Fact], name: str) -> tuple[Fact, ...]:
    """The facts with one whose condition does not hold."""
    return tuple(
        replace(each, family=None, is_met=False) if each.name == name else each for each in facts
    )


def account_of(party: str) -> str:
    return party.replace("C-", "A-", 1)


def _row(move: Move, cancelled_by: str | None) -> dict[str, object]:
    high, low = transaction_key(SOURCE, move.reference)
    return {
        "holder": move.holder,
        "time": move.time,
        "sequence": 0,
        "txn_hi": high,
        "txn_lo": low,
        "side": move.side,
        "account": account_of(move.holder),
        "reference": move.reference,
        "source_id": SOURCE,
        "mask": int(move.bits | (Mask.RETURN if move.undoes is not None else Mask(0))),
        "amount_base": move.amount,
        "amount": f"{move.amount / 100:.2f}",
        "currency": "USD",
        "txn_type": "TRANSFER",
        "channel": "APP",
        "counterparty": move.counterparty,
        "counterparty_account": None
        if move.counterparty is None
        else account_of(move.counterparty),
        "counterparty_region": None,
        "place": None,
        "region": None,
        "device": None,
        "local_offset_min": 420,
        "cancelled_by": cancelled_by,
    }
