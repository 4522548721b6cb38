"""Families pay one stranger to release a relative."""

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
class FamilyRansomParameters(Parameters):
    least_families: int = parameter(2, "one can be a purchase; two strangers share a captor")


Settings = FamilyRansomParameters


def typology(p: FamilyRansomParameters) -> GatheringTypology:
    return GatheringTypology(
        id="sc-family-ransom",
        version=1,
        title="Families in distress pay the same stranger",
        severity="urgent",
        offence="trafficking",
        stage="ransom",
        looks_like="Two or more families who are not related each borrow or collect money and, "
        "for the first time, send rising sums to the same party.",
        innocent_reasons=(
            "a private seller of land or vehicles who is paid in parts",
            "an organiser of weddings or funerals who is no registered merchant",
            "an acquaintance who pays hospital bills for several families",
        ),
        next_steps=(
            NextStep(
                action="Call the anti-trafficking police before anything is held: a life may "
                "depend on the payment",
                field="benef_account_id",
                days_before=0,
                days_after=1,
            ),
            NextStep(
                action="List every first payment to this party and what was borrowed for it",
                field="orig_account_id",
                days_before=90,
            ),
            NextStep(
                action="Find where the party draws or forwards the money",
                field="terminal_id",
                days_before=10,
                days_after=2,
            ),
        ),
        references=(
            Reference(
                source="Radio Free Asia 2023: ransom for teenagers held in a compound",
                verification="V",
            ),
            Reference(source="UNODC, Key Indicators: Forced Criminality", verification="V"),
            Reference(source="UNODC Observatory, Migrant Smuggling, 2024", verification="Vt"),
        ),
        window=timedelta(days=90),
        gathers="sc-pressed-family",
        link="receiver",
        feeders=Feeders(
            least=int(p.least_families),
            fact="families",
            unit="unrelated families that pay",
            columns=("benef_account_id",),
            role="payer",
            why="pays a stranger rising sums out of loans or help: may be paying for a life",
        ),
        facts=(
            GatheredFact(
                name="least_ransom_usd",
                source="ransom_usd",
                choose="least",
                unit="US dollars, least of a family",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("families", "least_ransom_usd"),
                strongest="indicated",
                ask_for="demands made to the families, where the relatives are held",
            ),
        ),
        exculpations=(),
        is_sufficient=True,
        deviation="One family alone stays a signal: without the words of the demand nothing tells "
        "it from a purchase.",
        parameters=p,
    )
