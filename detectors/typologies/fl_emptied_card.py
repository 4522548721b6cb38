"""A card that draws what was paid in and buys nothing: the feeder of fl-one-atm-many-cards."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import share_at_least, share_at_most, triggered
from detectors.typology import (
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    parameter,
)
from models.features import AT_ONCE, Aggregate, Arm, Feature
from models.mask import Mask

DRAWN = Mask.OUT | Mask.CASH | Mask.PRICED
SITTING = timedelta(minutes=10)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptiedCardParameters(Parameters):
    least_drawn_share: float = parameter(0.75, "of the week's credits: nothing is left to live on")
    largest_own_life_share: float = parameter(0.2, "who holds the own card buys with it")


Settings = EmptiedCardParameters


def typology(p: EmptiedCardParameters) -> Typology:
    return Typology(
        id="fl-emptied-card",
        version=1,
        title="A card that draws all and buys nothing",
        severity="low",
        offence="trafficking",
        stage="control",
        looks_like="What came in within a week is drawn in cash within a day, and hardly anything "
        "is bought with the card or from the account within a month.",
        innocent_reasons=(
            "somebody who is paid on a card and lives on cash",
            "a parent who draws for a child",
        ),
        next_steps=(
            NextStep(
                action="Ask for the machine's images of the withdrawal: they are kept for days",
                field="terminal_id",
                days_before=1,
            ),
            NextStep(
                action="List the other cards used there in the same minutes",
                field="terminal_id",
                days_before=70,
            ),
        ),
        references=(
            Reference(source="OSCE, Following the Money, 2019", verification="Vt"),
            Reference(source="Mekong Club: withdrawal by a third party", verification="M"),
        ),
        window=MONTH,
        arms=(Arm(typology="fl-emptied-card", has=DRAWN, window=AT_ONCE, least=1),),
        features=(
            _feature("draw_trigger", Aggregate.IS_TRIGGER, SITTING, DRAWN, "the trigger draws"),
            _feature("machine_10min", Aggregate.TOP_PLACE, SITTING, DRAWN, "where"),
            _feature("drawn_1d", Aggregate.SUM, DAY, DRAWN, "drawn within a day"),
            _feature("credited_7d", Aggregate.SUM, WEEK, Mask.IN, "came in within a week"),
            _feature("credited_30d", Aggregate.SUM, MONTH, Mask.IN, "came in within a month"),
            _feature("lived_on_30d", Aggregate.SUM, MONTH, Mask.OWN_LIFE, "spent to live on"),
        ),
        conditions=(
            triggered("draw", pl.col("draw_trigger"), unit="cash drawn"),
            share_at_least(
                "drawn_share",
                pl.col("drawn_1d"),
                pl.col("credited_7d"),
                p.least_drawn_share,
                family="structure",
                columns=("amount",),
            ),
            share_at_most(
                "own_life_share",
                pl.col("lived_on_30d"),
                pl.col("credited_30d"),
                p.largest_own_life_share,
                family="link",
                columns=("mcc", "purpose_code"),
                needs=("spending",),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("drawn_share", "own_life_share"),
                strongest="weak",
                ask_for="who holds the card and its number",
            ),
        ),
        exculpations=("LICENSED",),
        cites=Mask.IN | Mask.CASH,
        is_signal=True,
        link=SignalLink(kind="place", feature="machine_10min"),
        deviation="Of what came in within a week, as balances are not in every feed.",
        parameters=p,
    )


def _feature(
    name: str, aggregate: Aggregate, window: timedelta, has: Mask, meaning: str
) -> Feature:
    units = {Aggregate.IS_TRIGGER: "count", Aggregate.TOP_PLACE: "place"}
    return Feature(
        name=name,
        aggregate=aggregate,
        window=window,
        has=has,
        unit=units.get(aggregate, "minor"),
        meaning=meaning,
    )
