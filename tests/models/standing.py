"""What the engine holds after some batches, and where it differs from the oracle."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from detectors.catalogue import Catalogue, TestGround, load_typologies
from detectors.finding import Finding
from detectors.gathering import gather
from detectors.testability import provided
from ingest.currency import minor_units
from ingest.lexicon import HARMLESS, Concept, Lexicon
from ingest.rates import Rate, Rates
from ingest.transaction import ADDED, ADDRESS, TRANSACTION, TransactionBatch
from models.bundle import Bundle, Festival, ReportingThreshold
from models.evaluated import Evaluated
from models.features import NAMED, Feature, Near, Scope
from models.mask import Mask
from models.profile import Profiles
from tests.models.strategies import START, TERMS, Dated
from tests.oracle import movements, oracle
from tests.oracle.exculpation import Marks
from tests.oracle.measures import ALL, Measure, Nearby, View
from tests.oracle.movements import Ledger, OrderKey, Transaction, World

TICK = timedelta(microseconds=1)
LATENESS = timedelta(hours=26)
LEXICON = Lexicon({term: Concept[name] if name else HARMLESS for term, name in TERMS.items()})
"""How the engine reads the texts of every world."""

ONE_IN_ROUNDING = 5e-7 + 1e-9
"""Strengths are six decimals of an exact number; at a tie either neighbour is right."""

Key = tuple[str, OrderKey]


@dataclass(slots=True)
class Standing:
    """The evaluated triggers and findings that stand after the batches taken so far."""

    world: World
    catalogue: Catalogue
    profiles: Profiles
    features: dict[tuple[Key, int], dict[str, Any]] = field(default_factory=dict)
    findings: dict[tuple[str, Key], Finding] = field(default_factory=dict)

    def take(self, batch: TransactionBatch) -> None:
        evaluated = self.profiles.extend(batch)
        self._replace(evaluated)
        for row in evaluated.features.iter_rows(named=True):
            assert self.features.setdefault((_row_key(row), row["variant"]), row) is row
        for finding in self.catalogue.detect(evaluated):
            key = finding.typology, (finding.holder, _order(finding))
            assert self.findings.setdefault(key, finding) is finding

    def gathered(self) -> list[Finding]:
        """Of each receiver, over its current uncleared signals."""
        signals = [f for f in self.findings.values() if f.is_signal and not f.is_cleared]
        links = sorted({(link.kind, link.id) for f in signals for link in f.links})
        return [
            finding
            for definition in self.catalogue.gatherings.values()
            for kind, name in links
            if kind == definition.link
            for finding in gather(
                definition,
                name,
                "customer",
                [f for f in signals if _speaks_of(f, definition.gathers, kind, name)],
                self._relations,
            )
        ]

    def _replace(self, evaluated: Evaluated) -> None:
        for row in evaluated.replaces.iter_rows(named=True):
            since = (
                movements.microseconds(row["since_time"]),
                row["since_sequence"],
                (row["since_hi"] << 64) | row["since_lo"],
                row["since_side"],
            )
            self.features = {
                key: value
                for key, value in self.features.items()
                if key[0][0] != row["holder"] or key[0][1] < since
            }
            self.findings = {
                key: value
                for key, value in self.findings.items()
                if key[1][0] != row["holder"] or key[1][1] < since
            }

    def _relations(self, party: str) -> frozenset[str]:
        customers = self.world.references.customers
        return frozenset(
            other
            for declared in customers.values()
            for other in (declared.party_id, *declared.related)
            if other != party and movements.are_related(customers, party, other)
        )


def standing(
    world: World, *, is_always_armed: bool = False, only_what_fires: bool = False
) -> Standing:
    """An engine that has seen nothing yet, for a world's references and parameters."""
    rates = rates_of(world)
    bundle = bundle_of(world)
    available = provided(
        frozenset(TRANSACTION),
        world.references,
        time_precision=world.time_precision,
        has_threshold=bool(bundle.thresholds),
        has_usd_rate=rates.usd_minor(START.date()) is not None,
    )
    ground = TestGround(has_register=True, has_relations=True)
    catalogue = Catalogue(load_typologies(), available, ground)
    profiles = Profiles(
        references=world.references,
        rates=rates,
        bundle=bundle,
        arms=catalogue.arms,
        features=catalogue.features,
        asks=catalogue.asks,
        screens=catalogue.screens,
        lateness=LATENESS,
        own_ledger_accounts=world.ledger_accounts,
        is_history_complete=world.is_history_complete,
        is_always_armed=is_always_armed,
        fires=catalogue.fires if only_what_fires else None,
    )
    return Standing(world, catalogue, profiles)


def batch(
    added: Sequence[Transaction],
    retracted: Sequence[Transaction] = (),
    *,
    seen: Sequence[Transaction] | None = None,
) -> TransactionBatch:
    """One batch; `seen`: all rows up to and with it (None: these are all)."""
    times = [t.event_time for t in (seen if seen is not None else added)]
    return TransactionBatch(
        added=frame(added),
        retracted=frame(retracted).select(*ADDRESS),
        history_start=min(times, default=None),
        seen_until=max(times, default=None),
    )


def frame(transactions: Sequence[Transaction]) -> pl.DataFrame:
    """ADDED rows."""
    rows = pl.DataFrame([_row(t) for t in transactions], schema=TRANSACTION, orient="row")
    concepts = LEXICON.concepts(rows["remittance_text"]).alias("concepts")
    return rows.with_columns(concepts).select(*ADDED)


def mismatches(world: World, seen: Standing, *, with_features: bool = True) -> list[str]:
    """One sentence for each thing in which the engine and the oracle differ."""
    ledger = Ledger(world)
    found = oracle.find(world)
    differences = list(_findings_differ(found, seen.findings))
    differences += _gathered_differ(oracle.gather(world, found), seen.gathered())
    if with_features:
        differences += _features_differ(ledger, seen)
    return differences


def _findings_differ(
    expected: Sequence[oracle.OracleFinding], actual: Mapping[tuple[str, Key], Finding]
) -> Iterator[str]:
    wanted = {(f.typology, (f.holder, f.trigger)): f for f in expected}
    for key in sorted(set(wanted) | set(actual)):
        if key not in actual:
            yield f"{key[0]} at {key[1]} is missing: {dict(wanted[key].facts)}"
        elif key not in wanted:
            yield f"{key[0]} at {key[1]} is not there: {_facts(actual[key])}"
        else:
            yield from (
                f"{key[0]} at {key[1]}: {text}"
                for text in _finding_differs(wanted[key], actual[key])
            )


def _finding_differs(expected: oracle.OracleFinding, actual: Finding) -> Iterator[str]:
    if expected.is_cleared != actual.is_cleared:
        yield f"cleared should be {expected.is_cleared}"
    if set(expected.cleared_by) != set(actual.cleared_by):
        yield f"cleared by {actual.cleared_by}, not {sorted(expected.cleared_by)}"
    if not _is_close(actual.strength, expected.strength):
        yield f"strength {actual.strength}, not {float(expected.strength)}"
    if (expected.account,) != actual.accounts:
        yield f"accounts {actual.accounts}, not {expected.account}"
    link = next((link.id for link in actual.links), None)
    if link != expected.link:
        yield f"link {link}, not {expected.link}"
    facts = _facts(actual)
    for name, value in expected.facts.items():
        shown = _in_hours(value) if name == "dwell" else value
        if not _is_close(facts.get(name), shown):
            yield f"fact {name} is {facts.get(name)}, not {shown}"
    silent = {text.split(":")[0] for text in actual.not_testable} & set(expected.facts)
    if silent != expected.not_testable:
        yield f"not testable {sorted(silent)}, not {sorted(expected.not_testable)}"


def _gathered_differ(
    expected: Iterable[oracle.GatheredFinding], actual: Iterable[Finding]
) -> Iterator[str]:
    wanted = {(f.typology, f.subject, f.trigger): f for f in expected}
    got = {(f.typology, f.subject_id, _order(f)): f for f in actual}
    for key in sorted(set(wanted) | set(got)):
        if key not in got or key not in wanted:
            yield f"gathered at {key}: {'missing' if key in wanted else 'not there'}"
            continue
        if wanted[key].feeders != got[key].feeders:
            yield f"gathered at {key}: feeders {got[key].feeders}, not {wanted[key].feeders}"
        if not _is_close(got[key].strength, wanted[key].strength):
            yield f"gathered at {key}: strength {got[key].strength}, not {wanted[key].strength}"
        if got[key].facts[0].value != wanted[key].households:
            yield f"gathered at {key}: not {wanted[key].households} households"


def _speaks_of(signal: Finding, typology: str, kind: str, name: str) -> bool:
    is_linked = any((link.kind, link.id) == (kind, name) for link in signal.links)
    return signal.typology == typology and is_linked


def _features_differ(ledger: Ledger, seen: Standing) -> Iterator[str]:
    by_key = {(m.holder, m.order): m for m in ledger.movements}
    marks = {key: Marks(ledger, m) for key, m in by_key.items()}
    measures = {f.name: measure(f) for f in seen.catalogue.features}
    for (key, variant), row in seen.features.items():
        if key not in by_key:
            yield f"no movement {key}"
            continue
        view = View(ledger, by_key[key], variant, marks[key])
        asked = _asked(seen.catalogue, row["armed"])
        for name in sorted(asked):
            value = _value(view, measures[name])
            if value != row[name]:
                yield f"{name} at {key}, variant {variant}: {row[name]}, not {value}"
        if variant == ALL:
            yield from _context_differs(ledger, by_key[key], row, asked & {"top_payee_sum_30d"})


def _value(view: View, measure: Measure) -> int | str | None:
    is_name = measure.aggregate in {aggregate.name for aggregate in NAMED}
    return view.name(measure) if is_name else view.measure(measure)


def _context_differs(
    ledger: Ledger, m: movements.Movement, row: dict[str, Any], payee: Iterable[str]
) -> Iterator[str]:
    context: dict[str, str | int | None] = {
        "account": m.account,
        "holder_kind": m.holder_kind,
        "trigger_reference": m.reference,
        "usd_minor": ledger.usd_minor(m),
        "threshold_minor": ledger.threshold(m),
    }
    if any(payee):
        context["moved"] = oracle.moved(ledger, m)
        for test, explained in oracle.explained(ledger, m).items():
            context[f"explained_{test.lower()}"] = explained
    for name, value in context.items():
        if row[name] != value:
            yield f"{name} at {m.order}: {row[name]}, not {value}"


def measure(feature: Feature) -> Measure:
    """The engine's definition of a feature in the oracle's words."""
    return Measure(
        aggregate=feature.aggregate.name,
        window=feature.window,
        has=_names(feature.has),
        lacks=_names(feature.lacks),
        scope="account" if feature.scope is Scope.ACCOUNT else "holder",
        least_history=feature.least_history,
        limits_usd=feature.limits_usd,
        is_same_direction=feature.same_direction,
        is_same_counterparty=feature.same_counterparty,
        near=_nearby(feature.near),
        tests=frozenset(test.name for test in feature.tests if test.name),
    )


def _nearby(near: Near | None) -> Nearby | None:
    if near is None:
        return None
    return Nearby(
        has=_names(near.has),
        lacks=_names(near.lacks),
        within=near.within,
        is_same_region=near.same_region,
        is_good_before=near.before,
        is_good_after=near.after,
    )


def _names(bits: Mask) -> frozenset[str]:
    return frozenset(bit.name for bit in bits if bit.name)


def _asked(catalogue: Catalogue, armed: int) -> frozenset[str]:
    """The features of the typologies whose arms hold."""
    typologies = {arm.typology for i, arm in enumerate(catalogue.arms) if armed & (1 << i)}
    return frozenset(name for t in typologies for name in catalogue.asks[t])


def _facts(finding: Finding) -> dict[str, float | int | str | None]:
    return {fact.name: fact.value for fact in finding.facts}


def _is_close(actual: float | int | str | None, expected: Fraction | int | None) -> bool:
    if actual is None or expected is None or isinstance(actual, str):
        return actual is expected
    return abs(Fraction(actual) - expected) <= Fraction(ONE_IN_ROUNDING)


def _in_hours(dwell: Fraction | int | None) -> Fraction | None:
    return None if dwell is None else Fraction(dwell) / (timedelta(hours=1) // TICK)


def _order(finding: Finding) -> OrderKey:
    at = finding.trigger
    return movements.microseconds(at.time), at.sequence, int(at.txn, 16), at.side


def _row_key(row: dict[str, Any]) -> Key:
    transaction = (row["trigger_hi"] << 64) | row["trigger_lo"]
    time = movements.microseconds(row["trigger_time"])
    return row["holder"], (time, row["trigger_sequence"], transaction, row["trigger_side"])


def _row(t: Transaction) -> tuple[object, ...]:
    key = movements.transaction_key(t.source_id, t.reference)
    values: dict[str, object] = {name: getattr(t, name, None) for name in TRANSACTION}
    values |= {"txn_hi": key >> 64, "txn_lo": key & (1 << 64) - 1, "currency": "USD"}
    if t.reversal_of is not None:
        back = movements.transaction_key(t.source_id, t.reversal_of)
        values |= {"reversal_hi": back >> 64, "reversal_lo": back & (1 << 64) - 1}
    values["amount"] = None if t.amount_base is None else str(t.amount_base)
    return tuple(values.values())


def _minor(world: World) -> Decimal:
    digits = minor_units()[world.base_currency]
    assert digits is not None
    return Decimal(10) ** digits


def rates_of(world: World) -> Rates:
    assert isinstance(world.usd_minor, Dated)
    dated = ((None, world.usd_minor.before), (world.usd_minor.on, world.usd_minor.after))
    rates = [Rate(on=on, rate=value / _minor(world)) for on, value in dated if value is not None]
    by_currency = {"USD": rates} if rates and world.base_currency != "USD" else {}
    return Rates(base_currency=world.base_currency, by_currency=by_currency)


def bundle_of(world: World) -> Bundle:
    assert isinstance(world.threshold, Dated)
    given = world.threshold
    dated = ((date.min, given.before), (given.on, given.after))
    return Bundle(
        base_currency=world.base_currency,
        thresholds=tuple(
            ReportingThreshold(
                country="FX",
                currency=world.base_currency,
                amount=value / _minor(world),
                valid_from=on,
                source="fictional",
                verification="M",
            )
            for on, value in dated
            if value is not None
        ),
        dollar_rates=(),
        festivals=tuple(
            Festival(
                name="", first=first, last=last, yearly=False, source="fictional", verification="M"
            )
            for first, last in world.festivals
        ),
        keywords=(),
        own_life_mcc=world.own_life_mcc,
        own_life_purpose=world.own_life_purpose,
        priors=(),
        default_prior=0.3,
        cuts=(),
        hash="",
    )
