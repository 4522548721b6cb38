"""How strong an alert is: pinned priors, fixed cuts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from alerts.alert import Severity
from detectors.typology import Definition
from models.bundle import Bundle

SEVERITIES: tuple[Severity, ...] = ("urgent", "high", "medium", "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """priors: how often a full-strength finding would be confirmed, by typology; cuts: the least
    score of a severity."""

    priors: Mapping[str, float]
    default_prior: float
    cuts: Mapping[Severity, float]

    def prior(self, typology: str) -> float:
        return self.priors.get(typology, self.default_prior)


def score_table(bundle: Bundle) -> ScoreTable:
    """The priors and cuts of a bundle."""
    cuts = dict(bundle.cuts)
    return ScoreTable(
        priors=dict(bundle.priors),
        default_prior=bundle.default_prior,
        cuts={severity: cuts[severity] for severity in SEVERITIES if severity in cuts},
    )


def score(strengths: Mapping[str, float], table: ScoreTable) -> float:
    """100 x (1 - product of (1 - prior x strength)) over the strongest finding per typology."""
    doubt = 1.0
    # Floats do not multiply alike in every order.
    for typology in sorted(strengths):
        doubt *= 1.0 - table.prior(typology) * strengths[typology]
    return round(100.0 * (1.0 - doubt), 4)


def severity(points: float, definitions: Collection[Definition], table: ScoreTable) -> Severity:
    """Urgent where a typology is; else the highest whose cut the score reaches."""
    if any(definition.severity == "urgent" for definition in definitions):
        return "urgent"
    reached = (each for each in SEVERITIES if points >= table.cuts.get(each, float("inf")))
    return next(reached, "low")
