"""New accounts run from one device take strangers' money in and push it out."""

from dataclasses import dataclass
from datetime import timedelta

from detectors.typology import (
    COMMON_TESTS,
    Demand,
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
class MuleFarmParameters(Parameters):
    least_accounts: int = parameter(8, "a household shares a telephone among four or five")
    least_passed_through: float = parameter(0.95, "only a mule's commission stays")
    longest_dwell_hours: float = parameter(1, "somebody waits for each credit")


Settings = MuleFarmParameters


def typology(p: MuleFarmParameters) -> GatheringTypology:
    return GatheringTypology(
        id="sc-mule-farm",
        version=1,
        title="Many new accounts run from one device",
        severity="high",
        offence="trafficking",
        stage="exploitation",
        looks_like="Eight or more accounts of people who have nothing to do with each other, each "
        "opened or revived days ago, receive money from strangers and pass it on within the hour, "
        "all from the same device.",
        innocent_reasons=(
            "a licensed agent or payment aggregator that works for its customers",
            "a sellers' collective with one telephone for its takings",
            "a branch tablet on which customers are shown how to pay",
        ),
        next_steps=(
            NextStep(
                action="Keep log-in and network records of this device at every bank that saw it",
                field="device_hash",
                days_before=90,
            ),
            NextStep(
                action="List the parties the accounts paid and ask their banks to hold what is "
                "still there",
                field="benef_account_id",
                days_before=14,
                days_after=2,
            ),
            NextStep(
                action="Find out through victim support whether the holders work or are held at "
                "one site; who was made to do this must not be punished for it",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="UNODC, Inflection Point, April 2025", verification="Vt"),
            Reference(source="UNODC, Key Indicators: Forced Criminality", verification="V"),
            Reference(source="FinCEN FIN-2023-Alert005", verification="V"),
        ),
        window=timedelta(days=14),
        gathers="st-mule-onset",
        link="device",
        feeders=Feeders(
            least=int(p.least_accounts),
            fact="accounts_on_device",
            unit="unrelated holders of new or woken accounts",
            columns=("device_hash",),
            role="mule",
            why="its account was opened or revived for transit; its holder may have been made to",
        ),
        demands=(
            Demand(fact="passed_through", threshold=p.least_passed_through),
            Demand(fact="dwell", threshold=p.longest_dwell_hours, is_least=False),
        ),
        facts=(
            GatheredFact(
                name="least_passed_through",
                source="passed_through",
                choose="least",
                unit="least share of the money that passed through",
            ),
            GatheredFact(
                name="least_sinks_share",
                source="sinks_share",
                choose="least",
                unit="least share of outflow to three parties",
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("accounts_on_device",),
                strongest="weak",
                ask_for="where the device stands, who lives and works there, who opened the "
                "accounts",
            ),
            ElementCeiling(
                offence="trafficking",
                element="purpose",
                facts=("accounts_on_device", "least_passed_through"),
                strongest="weak",
                ask_for="statements of the holders; complaints of those who paid in",
            ),
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("accounts_on_device", "least_passed_through"),
                strongest="indicated",
                ask_for="what the credits were for, and who decides over the parties paid",
            ),
        ),
        exculpations=(*COMMON_TESTS, "LIVE_SELLER"),
        is_sufficient=True,
        deviation="Log-in records, networks and zones are not in the feed: the device on the "
        "payments stands for them, and where it stands is a next step.",
        parameters=p,
    )
