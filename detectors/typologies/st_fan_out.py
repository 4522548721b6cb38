"""Large sums from one account to many, each of them once."""

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
class FanOutParameters(Parameters):
    window_days: float = parameter(7, "scattered within the week")
    least_once: float = parameter(
        10, "more than a household's payees in a week that are new to each other"
    )
    shop_payers: float = parameter(20, "more have an employer or a payment firm")
    least_once_percent: float = parameter(
        80, "nearly all of what went out: no life of its own beside"
    )
    largest_percent: float = parameter(20, "many alike; a trade has one or two large sums a week")
    usual_percent: float = parameter(
        50, "half as many in the week before are a trade's customers, suppliers or workers"
    )
    least_parties: float = parameter(11, "the holder and ten others")
    least_usd: float = parameter(
        6_000, "below it a leader pays a harvest group, a host pays a feast"
    )
    largest_trade_share: float = parameter(0.5, "a firm pays its suppliers and workers")


Settings = FanOutParameters


def typology(p: FanOutParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-fan-out",
        version=3,
        title="One pays many, each of them once",
        severity="low",
        offence="laundering",
        stage="layering",
        looks_like="Within a week an account pays ten or more holders, who have nothing to do "
        "with each other, a single time each, large sums together, and hardly anything else.",
        innocent_reasons=(
            "wages that are paid by transfer and not marked as such",
            "an estate or a savings circle that is shared out",
        ),
        next_steps=(
            NextStep(
                action="List the payees, and where the money went from there",
                field="benef_account_id",
                days_before=14,
            ),
            NextStep(
                action="Ask for the holder's trade and what the payments were for",
                field="remittance_text",
                days_before=14,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
        ),
        shape="fan_out",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_percent=int(p.least_once_percent),
            most_percent=int(p.largest_percent),
            least_parties=int(p.least_once),
            shop_payers=int(p.shop_payers),
            usual_percent=int(p.usual_percent),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        largest_trade_share=p.largest_trade_share,
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="weak",
                ask_for="what each payee got it for, and who decided",
            ),
        ),
        deviation=(
            "Not in the typology catalogue: added for feeds that carry only accounts and amounts. "
            "Payments cited are the newest 64."
        ),
        parameters=p,
    )
