"""A sum split over many go-betweens and joined again."""

from dataclasses import dataclass
from datetime import timedelta

from detectors.typology import (
    ElementCeiling,
    NetworkTypology,
    NextStep,
    Parameters,
    Reference,
    parameter,
)
from models.networks import ShapeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterGatherParameters(Parameters):
    window_days: float = parameter(14, "go-betweens are paid one by one, and pass it on in days")
    least_paths: float = parameter(3, "two can be a couple that shares a purchase")
    least_leg_percent: float = parameter(70, "what is kept is a commission, not a wage")
    most_leg_percent: float = parameter(105, "a little own money may be added")
    least_share_percent: float = parameter(
        50,
        "of what the sink got and of what a go-between paid: shops and landlords get "
        "far more from others, people with a life pay far more to others",
    )
    least_parties: float = parameter(5, "source, sink and three go-betweens")
    least_usd: float = parameter(
        1000, "below a month's wage a circle or a relay is everyday lending"
    )


Settings = ScatterGatherParameters


def typology(p: ScatterGatherParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-scatter-gather",
        version=2,
        title="Split over many, joined again at one",
        severity="medium",
        offence="laundering",
        stage="layering",
        looks_like="One holder pays several others, and within days each of them passes nearly "
        "all of it on to one and the same receiver: go-betweens that hide the way "
        "from source to sink.",
        innocent_reasons=(
            "staff who pay their rent to one landlord out of their wage",
            "school fees or a market day after a payout",
            "members of a group who pool a grant for one purchase",
        ),
        next_steps=(
            NextStep(
                action="List all go-betweens of this source and sink with what each kept",
                field="benef_account_id",
                days_before=30,
            ),
            NextStep(
                action="Compare opening dates, devices and addresses of the go-betweens",
                field="device_hash",
                days_before=30,
            ),
            NextStep(
                action="Ask where the source's money came from",
                field="orig_account_id",
                days_before=30,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
            Reference(source="FATF 2022, operational issues: money mules", verification="Vt"),
        ),
        shape="scatter_gather",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_percent=int(p.least_leg_percent),
            most_percent=int(p.most_leg_percent),
            least_parties=int(p.least_paths),
            least_share=int(p.least_share_percent),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="indicated",
                ask_for="who recruited the go-betweens, what they were told, who holds their "
                "cards and codes",
            ),
        ),
        deviation=(
            "Low own activity of a go-between is read as: the leg is at least half of "
            "what it paid out in the window. A sink with more than 1,000 receipts in the "
            "window is a hub and left out."
        ),
        parameters=p,
    )
