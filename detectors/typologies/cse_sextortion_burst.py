"""Several people are pressed by the same receiver within a month."""

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
class SextortionParameters(Parameters):
    least_payers: int = parameter(3, "one is chance, two coincidence")


Settings = SextortionParameters


def typology(p: SextortionParameters) -> GatheringTypology:
    return GatheringTypology(
        id="cse-sextortion-burst",
        version=1,
        title="Several payers pressed by one receiver",
        severity="urgent",
        offence="child",
        stage="extortion",
        looks_like="Three or more people who are not related each send the same stranger a small "
        "sum, then larger ones, then most of what they have, within three days.",
        innocent_reasons=(
            "a private seller of costly goods who is paid in parts",
            "a betting round among friends",
            "a money lender whose borrowers repay late and then all at once",
        ),
        next_steps=(
            NextStep(
                action="Hand to the child protection unit at once: payers may be minors and at "
                "risk of their life",
                field="orig_party_id",
                days_before=0,
                days_after=1,
            ),
            NextStep(
                action="List all who ever paid this receiver and ask its bank to hold what is left",
                field="benef_account_id",
                days_before=90,
                days_after=1,
            ),
        ),
        references=(
            Reference(source="FATF, Online Child Sexual Exploitation, 2025", verification="V"),
            Reference(source="AUSTRAC / Fintel Alliance 2022", verification="V"),
            Reference(source="FINTRAC 2020-OA001", verification="Vt"),
        ),
        window=timedelta(days=30),
        gathers="cse-pressed-payer",
        link="receiver",
        feeders=Feeders(
            least=int(p.least_payers),
            fact="pressed_payers",
            unit="unrelated payers",
            columns=("benef_account_id",),
            role="payer",
            why="paid a stranger more and more within days: may be under threat",
        ),
        facts=(
            GatheredFact(
                name="least_drained_of_month",
                source="drained_of_month",
                choose="least",
                unit="least share of a month's income",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("pressed_payers", "least_drained_of_month"),
                strongest="weak",
                ask_for="messages and pictures used as threat; only through child protection",
            ),
        ),
        exculpations=(),
        is_sufficient=True,
        deviation="Nobody's years are asked: whether the payers are minors only raises protection.",
        parameters=p,
    )
