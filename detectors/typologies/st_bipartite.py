"""Several payers who all pay the same several payees."""

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
class BipartiteParameters(Parameters):
    window_days: float = parameter(14, "one order is carried out within two weeks")
    least_each_side: float = parameter(3, "two neighbours share two payees by chance")
    shop_payers: float = parameter(20, "more payers than a group has: a shop, a school, a landlord")
    least_parties: float = parameter(6, "three on each side")
    least_usd: float = parameter(
        2000, "below it groups of friends and colleagues share meals, rent and presents"
    )
    largest_share: float = parameter(0.25, "orders spread over nine pairs or more: none stands out")
    least_payer_share: float = parameter(
        0.33, "whoever pays a third of the others' usual share is given no orders of theirs"
    )
    largest_trade_share: float = parameter(
        0.5, "dealers buy from the same farmers, firms pay the same workers"
    )


Settings = BipartiteParameters


def typology(p: BipartiteParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-bipartite",
        version=5,
        title="Several payers, all paying the same payees",
        severity="medium",
        offence="laundering",
        stage="layering",
        looks_like="Several holders each pay the same several others within days: orders that "
        "come from one hand, spread so that no single pair stands out.",
        innocent_reasons=(
            "neighbours who pay the same small shops, school and landlord",
            "branches of a firm that pay the same suppliers",
            "members of two families who share a feast's costs",
        ),
        next_steps=(
            NextStep(
                action="List all payments between the two groups, with hours and purposes",
                field="remittance_text",
                days_before=30,
            ),
            NextStep(
                action="Compare devices, addresses and opening dates within each group",
                field="device_hash",
                days_before=30,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
        ),
        shape="bipartite",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_parties=int(p.least_each_side),
            shop_payers=int(p.shop_payers),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        largest_share=p.largest_share,
        least_payer_share=p.least_payer_share,
        largest_trade_share=p.largest_trade_share,
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="indicated",
                ask_for="who gave the orders to pay, and what the payees delivered",
            ),
        ),
        deviation=(
            "Not in the typology catalogue: added for feeds that carry only accounts and amounts."
        ),
        parameters=p,
    )
