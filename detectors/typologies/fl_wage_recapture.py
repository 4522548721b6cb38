"""Wages paid in, taken back by one party."""

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
class WageRecaptureParameters(Parameters):
    least_workers: int = parameter(5, "excludes a couple or a colleague who repays a loan")


Settings = WageRecaptureParameters


def typology(p: WageRecaptureParameters) -> GatheringTypology:
    return GatheringTypology(
        id="fl-wage-recapture",
        version=1,
        title="The wages of several workers taken back by one party",
        severity="high",
        offence="trafficking",
        stage="control",
        looks_like="Five or more workers who are not related are paid a wage and, within two days, "
        "month after month, send most of it to the same party: the employer, a foreman or a "
        "recruiter.",
        innocent_reasons=(
            "a licensed lender or a savings co-operative of the staff",
            "a family firm whose members put their wages together (declared as related)",
            "a landlord of all of them: then it is a third of the wage, not most of it",
        ),
        next_steps=(
            NextStep(
                action="Set the payroll file beside what each worker sent on, pair by pair",
                field="orig_account_id",
                days_before=90,
            ),
            NextStep(
                action="Compare the devices of those transfers: one hand or many",
                field="device_hash",
                days_before=90,
            ),
            NextStep(
                action="Plan a contact with the workers through labour inspection or victim "
                "support; the employer's relationship manager must not see their names",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(
                source="FinCEN FIN-2014-A008: deductions leave a fraction of wages",
                verification="V",
            ),
            Reference(source="FATF/APG 2018, forced labour", verification="Vt"),
            Reference(source="OSCE, Following the Money, 2019", verification="Vt"),
        ),
        window=timedelta(days=90),
        gathers="fl-returned-wages",
        link="recapturer",
        feeders=Feeders(
            least=int(p.least_workers),
            fact="workers",
            unit="unrelated workers whose wages went back",
            columns=("benef_account_id",),
            why="most of its wages went to the subject; whether the holder keeps enough to live "
            "on was not tested",
        ),
        facts=(
            GatheredFact(
                name="least_taken_share",
                source="taken_share",
                choose="least",
                unit="least share of the wages taken back",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("workers", "least_taken_share"),
                strongest="indicated",
                ask_for="contracts, debts claimed, custody of cards, telephones and documents",
            ),
            ElementCeiling(
                offence="trafficking",
                element="purpose",
                facts=("workers", "least_taken_share"),
                strongest="weak",
                ask_for="place of work, hours, wages promised and kept",
            ),
        ),
        exculpations=("LICENSED", "ROSCA"),
        is_sufficient=True,
        deviation="The share of an employer's workers is not computed: a feed need not show all of "
        "them.",
        parameters=p,
    )
