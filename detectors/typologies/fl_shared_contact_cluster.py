"""New accounts of several people with the same two contacts."""

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
class SharedContactParameters(Parameters):
    least_accounts: int = parameter(5, "more than one household or couple")


Settings = SharedContactParameters


def typology(p: SharedContactParameters) -> GatheringTypology:
    return GatheringTypology(
        id="fl-shared-contact-cluster",
        version=1,
        title="New accounts of several people with the same two contacts",
        severity="high",
        offence="trafficking",
        stage="control",
        looks_like="Within a month several new accounts are used, each on one device and for one "
        "payer, by people with no declared relation who gave the same two contacts: a telephone "
        "number and an address, or a device.",
        innocent_reasons=(
            "a dormitory, monastery or village office (a contact of more than fifty is left out)",
            "an employer's enrolment day, after which everybody uses a telephone of their own",
            "a household whose relations nobody asked for",
        ),
        next_steps=(
            NextStep(
                action="Pull the opening files: who introduced the customers, on which days",
                field="orig_party_id",
                days_before=90,
            ),
            NextStep(
                action="Compare devices and hours of use across the accounts",
                field="device_hash",
                days_before=30,
            ),
            NextStep(
                action="Reach each holder alone, not by the number that was given",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="FATF/APG 2018", verification="Vt"),
            Reference(source="FINTRAC 2016 and 2021: shared address or number", verification="Vt"),
            Reference(source="FinCEN FIN-2020-A008", verification="Vt"),
        ),
        window=timedelta(days=30),
        gathers="fl-new-account-used",
        link="contact",
        feeders=Feeders(
            least=int(p.least_accounts),
            fact="accounts_of_contact",
            unit="unrelated account holders with the same two contacts",
            columns=("customers.phones", "customers.address", "customers.devices"),
            why="its new account carries contacts that others gave as well",
        ),
        facts=(
            GatheredFact(
                name="least_one_payer_share",
                source="one_payer_share",
                choose="least",
                unit="least share of credits from one payer",
            ),
            GatheredFact(
                name="least_one_device_share",
                source="one_device_share",
                choose="least",
                unit="least share of outflow sent with one device",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("accounts_of_contact", "least_one_device_share"),
                strongest="weak",
                ask_for="who holds telephones, cards and codes",
            ),
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("accounts_of_contact",),
                strongest="weak",
                ask_for="who brought the holders to the bank, and from where",
            ),
        ),
        exculpations=("PAYROLL", "FAMILY", "LICENSED", "SHELTER", "SCHOOL"),
        deviation="E-mail addresses, documents and introducers are not in the reference data; "
        "that all accounts were opened within days is stood for by their being new and used within "
        "the same month.",
        parameters=p,
    )
