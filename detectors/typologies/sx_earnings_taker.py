"""One party that takes what strangers pay several people."""

from dataclasses import dataclass
from datetime import timedelta

from detectors.typology import (
    ElementCeiling,
    Feeders,
    GatheredFact,
    GatheringTypology,
    NextStep,
    Parameters,
    Reference,
    parameter,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsTakerParameters(Parameters):
    least_feeders: int = parameter(2, "one can be a couple, or a stall and its owner")


Settings = EarningsTakerParameters


def typology(p: EarningsTakerParameters) -> GatheringTypology:
    return GatheringTypology(
        id="sx-earnings-taker",
        version=1,
        title="What strangers pay several people goes to one receiver",
        severity="high",
        offence="trafficking",
        stage="control",
        looks_like="Two or more people who have nothing to do with each other are paid by "
        "strangers, and each sends that money within a day to the same person, day after day.",
        innocent_reasons=(
            "stalls or sub-agents that pass takings on to one owner and are not registered",
            "members of a group who pay a common seller at once from what their guests pay",
        ),
        next_steps=(
            NextStep(
                action="List every account that paid this receiver, from what, and what it kept",
                field="benef_account_id",
                days_before=90,
            ),
            NextStep(
                action="Compare the devices on which the feeders' accounts were used",
                field="device_hash",
                days_before=30,
            ),
            NextStep(
                action="Plan a safe contact with the account holders through victim support, not "
                "by letter and not through the receiver",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="FATF/APG 2018: start at the victim's pattern", verification="V"),
            Reference(source="OSCE, Following the Money, 2019", verification="Vt"),
            Reference(source="AUSTRAC 2022: victims hand over most of it", verification="V"),
        ),
        window=timedelta(days=30),
        gathers="sx-taken-earnings",
        link="receiver",
        feeders=Feeders(
            least=int(p.least_feeders),
            fact="feeders",
            unit="unrelated account holders",
            columns=("benef_account_id",),
            why="what strangers pay it is taken by the receiver; the control test does not hold",
        ),
        facts=(
            GatheredFact(
                name="earnings_taken_share",
                source="earnings_taken_share",
                choose="least",
                unit="least share of strangers' money that was taken",
            ),
            GatheredFact(
                name="foreign_device_share",
                source="foreign_device_share",
                choose="least",
                unit="least share on a foreign device",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("feeders", "earnings_taken_share"),
                strongest="weak",
                ask_for="who holds cards, telephones and codes; debts; statements of the holders",
            ),
            ElementCeiling(
                offence="trafficking",
                element="purpose",
                facts=("feeders",),
                strongest="weak",
                ask_for="what the credits were paid for: payers, adverts, places of work",
            ),
        ),
        exculpations=("FAMILY",),
        is_sufficient=True,
        parameters=p,
    )
