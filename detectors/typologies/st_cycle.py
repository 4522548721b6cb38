"""Money that comes back to where it began."""

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
class CycleParameters(Parameters):
    window_days: float = parameter(10, "a group hands money on within days; loans take months")
    least_hops: float = parameter(3, "two hops are a loan and its repayment")
    least_kept_percent: float = parameter(85, "a hop keeps a commission, not a share")
    most_kept_percent: float = parameter(105, "a little own money may be added")
    least_parties: float = parameter(3, "a couple and a child are one household")
    least_usd: float = parameter(
        1000, "below a month's wage a circle or a relay is everyday lending"
    )


Settings = CycleParameters


def typology(p: CycleParameters) -> NetworkTypology:
    return NetworkTypology(
        id="st-cycle",
        version=2,
        title="Money that returns to where it began",
        severity="medium",
        offence="laundering",
        stage="layering",
        looks_like="Money goes from one holder to the next and, within days and with a small "
        "loss at each hop, comes back to the first: turnover without trade, which "
        "hides whose it is.",
        innocent_reasons=(
            "a savings circle whose pot rotates among its members",
            "a loan passed on and repaid within one family",
            "a group of companies that moves cash between its members",
            "goods returned and refunded along a chain of traders",
        ),
        next_steps=(
            NextStep(
                action="List every transfer between these holders, and what each was said to "
                "be for",
                field="remittance_text",
                days_before=90,
            ),
            NextStep(
                action="Ask each holder's bank who opened the account and who uses it",
                field="orig_account_id",
                days_before=10,
            ),
            NextStep(
                action="Look for earlier circles that share two of the holders",
                field="benef_account_id",
                days_before=90,
            ),
        ),
        references=(
            Reference(
                source="Altman et al. 2023, AMLworld: laundering patterns of the generator",
                verification="M",
            ),
            Reference(
                source="FATF 2006, trade-based laundering: circular transfers", verification="M"
            ),
        ),
        shape="cycle",
        limits=ShapeLimits(
            window=timedelta(days=p.window_days),
            least_percent=int(p.least_kept_percent),
            most_percent=int(p.most_kept_percent),
            least_hops=int(p.least_hops),
        ),
        least_parties=int(p.least_parties),
        least_usd=int(p.least_usd),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("shape_parties",),
                strongest="indicated",
                ask_for="contracts and invoices behind each hop, mandates, who decided over "
                "each account",
            ),
        ),
        deviation=(
            "One circle is enough: a second one that shares two holders and young "
            "accounts are left to the next steps, because plain account-to-account feeds "
            "carry neither history nor opening dates. It shows in the laundering queue "
            "only. Holders declared as related count as one."
        ),
        parameters=p,
    )
