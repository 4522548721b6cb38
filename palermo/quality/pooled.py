"""Recall on several populations as one: schemes add up, delays are taken together."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from palermo.quality.intervals import Share, share
from palermo.quality.labels import Variant
from palermo.quality.schemes_found import (
    DelayRow,
    MissedRow,
    RecallRow,
    VictimFigures,
    delay_row,
)
from palermo.quality.score import Score

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)

ANSWERABLE: tuple[Variant, ...] = ("textbook", "noisy")
"""Variants a scheme's definition is written for; evasive ones keep under it on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledRecall:
    """What a Score says of schemes, over all populations; each row as there."""

    schemes: int
    recall: Sequence[RecallRow]
    answerable: Sequence[RecallRow]
    """Over textbook and noisy schemes: of all, and of each typology. variant: None."""
    missed: Sequence[MissedRow]
    found_before_last_transaction: Share
    urgent_within_an_hour: Share
    right_typology_named: Share
    delays: Sequence[DelayRow]
    victims: VictimFigures


def pooled(scores: Sequence[Score], *, seed: int = 1) -> PooledRecall:
    """The figures of all, in the order rows first come. seed: of the bootstrap.

    The populations must not share schemes; intervals count schemes as independent.
    """
    recall = _recall_rows(row for made in scores for row in made.recall)
    return PooledRecall(
        schemes=sum(made.schemes for made in scores),
        recall=recall,
        answerable=_answerable(recall),
        missed=_missed_rows(row for made in scores for row in made.missed),
        found_before_last_transaction=_sum(made.found_before_last_transaction for made in scores),
        urgent_within_an_hour=_sum(made.urgent_within_an_hour for made in scores),
        right_typology_named=_sum(made.right_typology_named for made in scores),
        delays=_delay_rows((row for made in scores for row in made.delays), seed),
        victims=VictimFigures(
            called_controller=_sum(made.victims.called_controller for made in scores),
            called_victim=_sum(made.victims.called_victim for made in scores),
        ),
    )


def _recall_rows(rows: Iterable[RecallRow]) -> list[RecallRow]:
    groups = _by(rows, lambda row: (row.typology, row.variant))
    made = [
        RecallRow(typology=typology, variant=variant, recall=_sum(row.recall for row in same))
        for (typology, variant), same in groups.items()
    ]
    return sorted(made, key=lambda row: row.typology or "")


def _answerable(rows: Iterable[RecallRow]) -> list[RecallRow]:
    groups = _by((row for row in rows if row.variant in ANSWERABLE), lambda row: row.typology)
    return [
        RecallRow(typology=typology, variant=None, recall=_sum(row.recall for row in same))
        for typology, same in groups.items()
    ]


def _missed_rows(rows: Iterable[MissedRow]) -> list[MissedRow]:
    made = [
        MissedRow(
            typology=typology,
            missed=sum(row.missed for row in same),
            under_cut=sum(row.under_cut for row in same),
            among_others=sum(row.among_others for row in same),
            never_completes=sum(row.never_completes for row in same),
            silent=sum(row.silent for row in same),
        )
        for typology, same in _by(rows, lambda row: row.typology).items()
    ]
    return sorted(made, key=lambda row: row.typology or "")


def _delay_rows(rows: Iterable[DelayRow], seed: int) -> list[DelayRow]:
    groups = _by(rows, lambda row: (row.typology, row.since))
    made = [
        delay_row(typology, since, [each for row in same for each in row.hours], seed)
        for (typology, since), same in groups.items()
    ]
    return sorted(made, key=lambda row: row.typology or "")


def _sum(shares: Iterable[Share]) -> Share:
    known = list(shares)
    return share(sum(each.hits for each in known), sum(each.n for each in known))


def _by(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
