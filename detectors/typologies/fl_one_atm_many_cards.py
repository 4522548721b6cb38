"""Many cards drawn empty in one sitting, by the same set again."""

from dataclasses import dataclass
from datetime import timedelta

from detectors.typology import (
    ElementCeiling,
    Feeders,
    GatheredFact,
    GatheringTypology,
    NextStep,
    Parameters,
    Recurrence,
    Reference,
    parameter,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyCardsParameters(Parameters):
    least_cards: int = parameter(5, "more than a family sends to the machine with one person")
    minutes: float = parameter(20, "one person needs one to three minutes a card")
    least_common: float = parameter(0.6, "the same set of cards as on an earlier day")
    days_apart: float = parameter(5, "another pay date, not the same one's second half")
    days_back: float = parameter(70, "two wage cycles")
    enough_once: int = parameter(8, "so many cards in one hand need no second time")


Settings = ManyCardsParameters


def typology(p: ManyCardsParameters) -> GatheringTypology:
    return GatheringTypology(
        id="fl-one-atm-many-cards",
        version=1,
        title="Many cards drawn empty in one sitting",
        severity="high",
        offence="trafficking",
        stage="control",
        looks_like="Within minutes the cards of several people who have nothing to do with each "
        "other are drawn empty at one machine, and much the same set was there on an earlier day; "
        "none of them buys anything.",
        innocent_reasons=(
            "the queue on payday: then more cards, other ones each time, and their holders buy",
            "colleagues who go to the machine together and live on cash",
        ),
        next_steps=(
            NextStep(
                action="Secure the machine's images of both sittings: how many people stood there",
                field="terminal_id",
                days_before=70,
            ),
            NextStep(
                action="Ask who employs and who houses the card holders",
                field="orig_party_id",
                days_before=90,
            ),
            NextStep(
                action="Plan a safe contact with the holders, away from the employer",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="FATF/APG 2018: forced labour", verification="M"),
            Reference(source="OSCE, Following the Money, 2019", verification="Vt"),
            Reference(source="FinCEN FIN-2020-A008: third parties", verification="V"),
        ),
        window=timedelta(minutes=p.minutes),
        gathers="fl-emptied-card",
        link="place",
        feeders=Feeders(
            least=int(p.least_cards),
            fact="cards",
            unit="unrelated card holders within minutes",
            columns=("place_id", "event_time"),
            why="its card was drawn empty among others; who held it, the machine's images show",
        ),
        recurrence=Recurrence(
            least_common=p.least_common,
            apart=timedelta(days=p.days_apart),
            within=timedelta(days=p.days_back),
            enough_once=int(p.enough_once),
            fact="same_cards",
            unit="share of the cards common to this and an earlier sitting",
            columns=("orig_account_id",),
        ),
        facts=(
            GatheredFact(
                name="kept_to_live_on",
                source="own_life_share",
                choose="largest",
                unit="largest share spent to live on",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("cards", "same_cards"),
                strongest="indicated",
                ask_for="who held cards and numbers; debts; where the holders live and work",
            ),
            ElementCeiling(
                offence="trafficking",
                element="purpose",
                facts=("cards",),
                strongest="weak",
                ask_for="for whom the holders work, what they were promised and what they got",
            ),
        ),
        exculpations=("LICENSED",),
        is_sufficient=True,
        deviation="A sitting is 20 minutes long; that a card follows within three is not asked.",
        parameters=p,
    )
