"""Large sums of many into one account, each of them once."""

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
class FanInParameters(Parameters):
    window_days: float = parameter(7, "gathered within the week")
    least_once: float = parameter(10, "more than relatives, friends and one's trade at a time")
    shop_payers: float = parameter(20, "more have a shop, a school or a fair")
    least_once_percent: float = parameter(
        80, "nearly all of what came in: no trade of its own beside"
    )
    largest_percent: float = parameter(20, "many alike; a trade has one or two large sums a week")
    usual_percent: float = parameter(
        50, "half as many in the week before are a trade's customers, suppliers or workers"
    )
    least_parties: float = parameter(11, "the holder and ten others")
    least_usd: float = parameter(
        8_000, "what relatives give for a wedding and shares of a savings circle stay below"
    )
    largest_trade_share: float = parameter(0.5, "a firm's customers pay it")


Settings = FanInParameters


def typology(p: FanInParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-fan-in",
        version=3,
        title="Many pay one, each of them once",
        severity="low",
        offence="laundering",
        stage="placement",
        looks_like="Within a week ten or more holders, who have nothing to do with each other, "
        "each pay one account a single time, large sums together, and hardly anything else "
        "comes in.",
        innocent_reasons=(
            "a great wedding, a funeral, a sale of land in shares",
            "a trader who sells to new customers",
        ),
        next_steps=(
            NextStep(
                action="List the payers, and what else they paid in those days",
                field="orig_account_id",
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
        shape="fan_in",
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
                ask_for="what each payer paid for, and at whose word",
            ),
        ),
        deviation=(
            "Not in the typology catalogue: added for feeds that carry only accounts and amounts. "
            "Payments cited are the newest 64."
        ),
        parameters=p,
    )
