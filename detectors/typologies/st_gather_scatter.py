"""Gathered from many and paid out to many by one holder."""

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
class GatherScatterParameters(Parameters):
    window_days: float = parameter(14, "a slow turntable takes a week to fill, a week to empty")
    least_each_side: float = parameter(4, "three can be one household on either side")
    least_out_percent: float = parameter(70, "what is kept is a commission")
    most_out_percent: float = parameter(105, "a little own money may be added")
    least_parties: float = parameter(9, "the holder, four payers, four payees")
    least_usd: float = parameter(
        3_000, "below it a small trader's week looks alike: customers pay, suppliers are paid"
    )
    largest_share: float = parameter(
        0.4, "a purchase, a loan or a house sold is one sum that outweighs the others"
    )
    largest_both_ways_share: float = parameter(
        0.2, "with whom one gives and takes is a partner of trade or a friend"
    )


Settings = GatherScatterParameters


def typology(p: GatherScatterParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-gather-scatter",
        version=4,
        title="Gathered from many, paid out to many",
        severity="medium",
        offence="laundering",
        stage="layering",
        looks_like="Several holders pay one, who within days pays nearly all of it out to "
        "several others: a turntable between payers and payees who have nothing to do "
        "with each other.",
        innocent_reasons=(
            "a small trader who is paid by customers and pays suppliers",
            "a treasurer who collects shares and pays the bills of an outing",
            "a savings circle's host",
        ),
        next_steps=(
            NextStep(
                action="Match what came with what went: payers, payees, amounts, hours",
                field="benef_account_id",
                days_before=14,
            ),
            NextStep(
                action="Ask for licence, trade and suppliers of the holder",
                field="orig_party_id",
                days_before=90,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
        ),
        shape="gather_scatter",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_percent=int(p.least_out_percent),
            most_percent=int(p.most_out_percent),
            least_parties=int(p.least_each_side),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        largest_share=p.largest_share,
        largest_both_ways_share=p.largest_both_ways_share,
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="indicated",
                ask_for="the trade behind it: invoices, licence, stock; who gave the orders "
                "to pay out",
            ),
        ),
        deviation=(
            "Nine tenths of what went must have left after nine tenths of what came had come, so "
            "that a steady trade in both directions stays silent."
        ),
        parameters=p,
    )
