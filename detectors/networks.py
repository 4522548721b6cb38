"""Shapes of transfers as findings: whom a shape accuses, what it measures, what it cites."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from detectors.finding import Citation, Fact, Finding, TriggerKey
from detectors.gathering import Relations, unrelated_groups
from detectors.typology import NetworkTypology
from ingest.reference import References
from models.mask import Mask
from models.networks import Leg, Shape, ShapeFound, ShapesJudged

DollarRate = Callable[[date], int | None]
"""What one US dollar is in minor units of the base currency on a day; None where unknown."""

Firms = Set[str]
"""Holders who are registered as a firm or a merchant."""

OUT_SIDE, IN_SIDE = 0, 1
AT_RECEIVER: frozenset[Shape] = frozenset({"cycle", "scatter_gather", "fan_in"})
"""Shapes that accuse whoever receives the trigger: where the money came back, together, or in."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NetworkKey:
    """Which finding of a network: one a typology, holder and trigger."""

    typology: str
    holder: str
    trigger: TriggerKey


NetworkFindings = Mapping[NetworkKey, Finding | None]
"""What a step makes of the networks: the finding that stands at a key from now on, or None."""


class NetworkDetector:
    """The network typologies that are on, ready to judge the shapes of the room."""

    def __init__(
        self,
        definitions: Iterable[NetworkTypology],
        *,
        relations: Relations,
        firms: Firms,
        usd_minor: DollarRate,
    ) -> None:
        self._by_shape = {each.shape: each for each in definitions}
        self._limits = {key: _share_limits(each, firms) for key, each in self._by_shape.items()}
        self._relations, self._usd_minor = relations, usd_minor

    def detect(self, shapes: ShapesJudged) -> NetworkFindings:
        """Every finding that the shapes make or unmake, by its key."""
        judged: dict[NetworkKey, Finding | None] = {}
        for shape in shapes.gone:
            judged[self._key(shape)] = None
        for shape in shapes.found:
            judged[self._key(shape)] = self._finding(self._by_shape[shape.shape], shape)
        return judged

    def _key(self, shape: ShapeFound) -> NetworkKey:
        return NetworkKey(
            typology=self._by_shape[shape.shape].id,
            holder=_subject(shape)[0],
            trigger=_trigger(shape),
        )

    def _finding(self, definition: NetworkTypology, shape: ShapeFound) -> Finding | None:
        parties = list(dict.fromkeys(p for leg in shape.legs for p in (leg.sender, leg.receiver)))
        unrelated = unrelated_groups(parties, self._relations)
        usd = self._usd_minor(shape.trigger.time.date())
        moved = _moved(shape)
        is_small = usd is not None and moved < definition.least_usd * usd
        limits = self._limits[shape.shape]
        is_everyday = any(limit.refuses(shape) for limit in limits)
        if unrelated < definition.least_parties or is_small or is_everyday:
            return None
        holder, account, is_customer = _subject(shape)
        facts = _facts(definition, shape, unrelated, moved, limits)
        return Finding(
            typology=definition.id,
            version=definition.version,
            level=2,
            is_signal=definition.is_signal,
            subject_kind="customer" if is_customer else "account",
            subject_id=holder,
            holder=holder,
            accounts=(account,),
            trigger=_trigger(shape),
            trigger_reference=shape.trigger.reference,
            window_start=shape.trigger.time - definition.window,
            window_end=shape.trigger.time,
            strength=_strength(definition, unrelated, moved, usd),
            facts=facts,
            not_testable=() if usd else ("amount: no exchange rate to the US dollar",),
            exculpations=(),
            cleared_by=(),
            links=(),
            citations=_citations(shape, parties),
            feeders=(),
        )


def _subject(shape: ShapeFound) -> tuple[str, str, bool]:
    """Holder, account and whether the holder is a customer."""
    last = shape.trigger
    if shape.shape in AT_RECEIVER:
        return last.receiver, last.receiver_account, last.is_receiver_customer
    return last.sender, last.sender_account, last.is_sender_customer


def _trigger(shape: ShapeFound) -> TriggerKey:
    side = IN_SIDE if shape.shape in AT_RECEIVER else OUT_SIDE
    last = shape.trigger
    return TriggerKey(time=last.time, sequence=last.sequence, txn=last.txn, side=side)


def _moved(shape: ShapeFound) -> int:
    """What went through the shape: what a cycle began with, what a sink got, what was paid."""
    if shape.shape == "cycle":
        return shape.legs[0].amount
    holder = _subject(shape)[0]
    if shape.shape == "scatter_gather":
        return sum(leg.amount for leg in shape.legs if leg.receiver == holder)
    if shape.shape == "gather_scatter":
        return sum(leg.amount for leg in shape.legs if leg.sender == holder)
    return sum(leg.amount for leg in shape.legs)


class _ShareLimit(NamedTuple):
    """The most, or the least, that a share of a shape may be, and the fact that tells of it. What
    lies beyond is everyday: a single sum with small change of others around it, a payer who pays
    hardly anything, giving and taking between the same, a firm's trade."""

    fact: str
    share: Callable[[ShapeFound], float]
    threshold: float
    is_most: bool

    def refuses(self, shape: ShapeFound) -> bool:
        value = self.share(shape)
        return value > self.threshold if self.is_most else value < self.threshold


def _share_limits(definition: NetworkTypology, firms: Firms) -> list[_ShareLimit]:
    """Those the typology asks for."""
    known = (
        ("shape_largest_share", _largest_share, definition.largest_share, True),
        ("shape_least_payer_share", _least_payer_share, definition.least_payer_share, False),
        ("shape_both_ways_share", _both_ways_share, definition.largest_both_ways_share, True),
        ("shape_trade_share", _trade_share_of(firms), definition.largest_trade_share, True),
    )
    return [
        _ShareLimit(fact, share, threshold, is_most)
        for fact, share, threshold, is_most in known
        if threshold is not None
    ]


def _largest_share(shape: ShapeFound) -> float:
    """The largest payment's share of all; of its own side where one holder stands between."""
    if shape.shape != "gather_scatter":
        sides = [[leg.amount for leg in shape.legs]]
    else:
        holder = _subject(shape)[0]
        sides = [
            [leg.amount for leg in shape.legs if (leg.sender == holder) == is_out]
            for is_out in (False, True)
        ]
    return max(max(amounts) / sum(amounts) for amounts in sides)


def _least_payer_share(shape: ShapeFound) -> float:
    """What the payer of least paid, as a share of what payers paid on average."""
    paid: dict[str, int] = {}
    for leg in shape.legs:
        paid[leg.sender] = paid.get(leg.sender, 0) + leg.amount
    return min(paid.values()) * len(paid) / sum(paid.values())


def _both_ways_share(shape: ShapeFound) -> float:
    """What moved between the holder and those who paid and were paid, as a share of all."""
    holder = _subject(shape)[0]
    payers = {leg.sender for leg in shape.legs if leg.receiver == holder}
    payees = {leg.receiver for leg in shape.legs if leg.sender == holder}
    both = payers & payees
    between = sum(leg.amount for leg in shape.legs if both & {leg.sender, leg.receiver})
    return between / sum(leg.amount for leg in shape.legs)


def _trade_share_of(firms: Firms) -> Callable[[ShapeFound], float]:
    """What moved between a registered firm and others who are none, as a share of all: a dealer's
    purchases, a firm's customers, suppliers and workers."""

    def trade_share(shape: ShapeFound) -> float:
        trade = (leg for leg in shape.legs if (leg.sender in firms) != (leg.receiver in firms))
        return sum(leg.amount for leg in trade) / sum(leg.amount for leg in shape.legs)

    return trade_share


def registered_firms(references: References) -> Firms:
    """Customers who are registered as a firm or a merchant."""
    return frozenset(
        party
        for party, known in references.customers.items()
        if known.is_merchant or known.party_type != "PERSON"
    )


def _strength(definition: NetworkTypology, unrelated: int, moved: int, usd: int | None) -> float:
    """Mean of how far parties and amount lie beyond their least, each clipped to 1."""
    beyond = [(unrelated - definition.least_parties) / definition.least_parties]
    if usd:
        beyond.append((moved - definition.least_usd * usd) / (definition.least_usd * usd))
    clipped = [min(max(each, 0.0), 1.0) for each in beyond]
    # A complete shape is half of the strength: what lies beyond its least is the other.
    return round(0.5 + sum(clipped) / len(clipped) / 2, 6)


def _facts(
    definition: NetworkTypology,
    shape: ShapeFound,
    unrelated: int,
    moved: int,
    limits: Iterable[_ShareLimit],
) -> tuple[Fact, ...]:
    return (
        replace(
            _fact("shape_parties", unrelated, "unrelated holders", definition.least_parties),
            family="structure",
            columns=("orig_account_id", "benef_account_id", "amount"),
        ),
        _fact("shape_amount", moved, "minor"),
        *(
            _fact(limit.fact, round(limit.share(shape), 6), "share", limit.threshold)
            for limit in limits
        ),
        *_lines(shape),
    )


def _lines(shape: ShapeFound) -> list[Fact]:
    """The table of the shape: a line a hop of a cycle, a line a go-between."""
    if shape.shape == "cycle":
        return _hops(shape.legs)
    if shape.shape == "scatter_gather":
        return _paths(shape)
    return [_fact("shape_payments", len(shape.legs), "payments")]


def _fact(
    name: str, value: float | int | str, unit: str, threshold: float | int | None = None
) -> Fact:
    return Fact(
        name=name,
        value=value,
        unit=unit,
        threshold=threshold,
        own_past=None,
        peers=None,
        family=None,
        columns=("amount",),
    )


def _hops(legs: Sequence[Leg]) -> list[Fact]:
    """Each hop in order with what it kept back, then the whole."""
    facts = [_fact("hops", len(legs), "transfers in a circle")]
    for number, (came, went) in enumerate(pairwise(legs), start=2):
        facts.append(_fact(f"hop_{number}", _share_lost(came, went), _kept(came, went)))
    return [*facts, _fact("kept_on_the_way", _share_lost(legs[0], legs[-1]), "share")]


def _paths(shape: ShapeFound) -> list[Fact]:
    """One line a go-between: what it got, what it passed on."""
    pairs = list(zip(shape.legs[::2], shape.legs[1::2], strict=True))
    facts = [_fact("paths", len(pairs), "go-betweens from one source to one sink")]
    for number, (came, went) in enumerate(reversed(pairs), start=1):
        facts.append(_fact(f"path_{number}", _share_lost(came, went), _kept(came, went)))
    return facts


def _kept(came: Leg, went: Leg) -> str:
    """What a hop's share is of: the transfer that came, and the one that went."""
    return f"share of {came.reference} kept back by {went.reference}"


def _share_lost(came: Leg, went: Leg) -> float:
    """Negative where a hop added."""
    return float(round(1 - Decimal(went.amount) / Decimal(came.amount), 4))


def _citations(shape: ShapeFound, parties: Sequence[str]) -> tuple[Citation, ...]:
    """For each party its own movements among the legs."""
    citations = []
    for party in parties:
        own = [leg for leg in shape.legs if party in (leg.sender, leg.receiver)]
        last = max(own, key=lambda leg: (leg.time, leg.sequence, leg.txn))
        citations.append(
            Citation(
                holder=party,
                account=None,
                since=min(leg.time for leg in own) - timedelta(microseconds=1),
                upto=TriggerKey(time=last.time, sequence=last.sequence, txn=last.txn, side=1),
                mask_any=int(Mask.IN | Mask.OUT),
                only=tuple(sorted(leg.txn for leg in own)),
            )
        )
    return tuple(citations)
