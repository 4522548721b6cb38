"""Several accounts that live for one receiver."""

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
class VictimDrainParameters(Parameters):
    least_feeders: int = parameter(2, "one can be a couple or a child supporting a parent")


Settings = VictimDrainParameters


def typology(p: VictimDrainParameters) -> GatheringTypology:
    return GatheringTypology(
        id="sx-victim-drain",
        version=1,
        title="Several accounts emptied to one receiver",
        severity="high",
        offence="trafficking",
        stage="control",
        looks_like="Two or more people who have nothing to do with each other each pass nearly "
        "all they receive, within hours, to the same person, and keep nothing to live on.",
        innocent_reasons=(
            "children who support one parent (they are declared related, and spend themselves)",
            "shops swept to one owner (registered merchants)",
            "sub-agents of a licensed agent",
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
            Reference(source="Polaris 2023: 53 % of survivors' accounts used", verification="V"),
        ),
        window=timedelta(days=30),
        gathers="sx-drained-account",
        link="receiver",
        feeders=Feeders(
            least=int(p.least_feeders),
            fact="feeders",
            unit="unrelated account holders",
            columns=("benef_account_id",),
            why="its account is emptied to the receiver, but the control test does not hold",
        ),
        facts=(
            GatheredFact(
                name="drained_share",
                source="top_payee_share",
                choose="least",
                unit="least share of outflow to this receiver",
            ),
            GatheredFact(
                name="kept_to_live_on",
                source="own_life_share",
                choose="largest",
                unit="largest share spent to live on",
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
                facts=("feeders", "drained_share"),
                strongest="indicated",
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
