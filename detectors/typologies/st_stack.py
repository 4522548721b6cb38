"""Layers of holders that pass money on from group to group."""

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
class StackParameters(Parameters):
    window_days: float = parameter(14, "two layers, a week each")
    least_each_layer: float = parameter(2, "two layers of two shared ends are already rare")
    shop_payers: float = parameter(20, "more payers than a group has: a shop, a school, a landlord")
    least_parties: float = parameter(6, "two in each of three layers")
    least_usd: float = parameter(
        2000, "below it groups of friends and colleagues share meals, rent and presents"
    )
    largest_share: float = parameter(
        0.25, "spread over two layers no pair stands out; friends share shops and meals"
    )


Settings = StackParameters


def typology(p: StackParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-stack",
        version=3,
        title="Layers that pass money on from group to group",
        severity="medium",
        offence="laundering",
        stage="layering",
        looks_like="Several holders are paid by the same payers and pay the same payees within "
        "days: a middle layer put in to lengthen the way.",
        innocent_reasons=(
            "two traders with the same customers and the same suppliers",
            "employees of two firms with one owner who shop in one place",
        ),
        next_steps=(
            NextStep(
                action="Draw the layers: who paid whom, in order of time",
                field="benef_account_id",
                days_before=30,
            ),
            NextStep(
                action="Ask each middle holder's bank for purpose and mandate",
                field="orig_account_id",
                days_before=14,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
        ),
        shape="stack",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_parties=int(p.least_each_layer),
            shop_payers=int(p.shop_payers),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        largest_share=p.largest_share,
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="indicated",
                ask_for="the trade between the layers, and who decides over the middle accounts",
            ),
        ),
        deviation=(
            "Not in the typology catalogue: added for feeds that carry only accounts and amounts."
        ),
        parameters=p,
    )
