"""All that an alert is written from: an episode's findings with the movements they cite."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import House, ModelScore, Origin, Reproduce
from alerts.kept import SubjectKey
from alerts.ledger import Entry
from alerts.relations import Relations
from alerts.scoring import ScoreTable
from alerts.settings import AlertSettings
from alerts.totals import BaseMoney
from detectors.finding import Fact, Finding
from detectors.typology import Definition
from ingest.reference import References


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What stays the same during a run."""

    definitions: Mapping[str, Definition]
    references: References
    relations: Relations
    settings: AlertSettings
    scores: ScoreTable
    money: BaseMoney
    reproduce: Reproduce
    house: House
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A finding and the movements it rests on, in total order."""

    finding: Finding
    definition: Definition
    model: ModelScore | None
    entries: tuple[Entry, ...]

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        """The bank's references in total order, each once; never none."""
        references = tuple(dict.fromkeys(entry.reference for entry in self.entries))
        return references or (self.finding.trigger_reference,)

    def fact(self, name: str) -> Fact | None:
        return next((fact for fact in self.finding.facts if fact.name == name), None)

    def number(self, name: str) -> float | None:
        """The value of a fact where it is a number."""
        fact = self.fact(name)
        is_number = fact is not None and isinstance(fact.value, int | float)
        return float(fact.value) if is_number and fact and fact.value is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedFact:
    """A fact, and the transactions of every finding that states it."""

    fact: Fact
    transaction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """cited: the strongest finding per typology, by typology id. feeders: for gathered ones the
    strongest signal of each feeder and typology, in order of first signal. own_signals: the
    strongest signal per typology on the subject itself."""

    alert_id: str
    subject: SubjectKey
    raised_at: datetime
    cited: tuple[Cited, ...]
    feeders: tuple[Cited, ...]
    own_signals: tuple[Cited, ...]

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        """All that the alert cites, in total order, each once."""
        entries = {(e.order_key, e.holder): e for each in self.cited for e in each.entries}
        references = dict.fromkeys(entries[key].reference for key in sorted(entries))
        rest = (each for cited in self.cited for each in cited.transaction_ids)
        return tuple(dict.fromkeys([*references, *rest]))

    @property
    def facts(self) -> tuple[CitedFact, ...]:
        """Of all findings cited; what several state alike is told once."""
        stated: dict[Fact, list[str]] = {}
        for each in self.cited:
            for fact in each.finding.facts:
                stated.setdefault(fact, []).extend(each.transaction_ids)
        return tuple(
            CitedFact(fact=fact, transaction_ids=tuple(dict.fromkeys(ids)))
            for fact, ids in stated.items()
        )

    def heaviest_first(self, scores: ScoreTable) -> tuple[Cited, ...]:
        """The findings cited, by how much each weighs in the score; ties by typology id."""
        return tuple(
            sorted(
                self.cited,
                key=lambda each: -scores.prior(each.finding.typology) * each.finding.strength,
            )
        )


def speaks(fact: Fact) -> bool:
    """Whether a fact speaks for its typology: its condition holds, and it is of more than
    nothing."""
    return fact.is_met and fact.value is not None and fact.value != 0
