"""What speaks for the person: the detectors' tests, in words."""

from collections.abc import Mapping, Sequence

from alerts.alert import Exculpation
from alerts.dossier import Cited
from alerts.wording import share
from detectors.finding import ExculpationResult, TestResult

EXPLAINED: Mapping[str, str] = {
    "PAYROLL": "regular monthly payments from one payer, as wages are, make up {share}",
    "REMIT": "small regular payments from the same senders, as family support is, make up {share}",
    "FAMILY": "movements with declared relatives or old two-way ties make up {share}",
    "LICENSED": "movements of a business in a public register make up {share}",
    "MERCH": "takings of a registered merchant, steady for half a year, make up {share}",
    "ROSCA": "one sum paid by a circle of savers and to each of them in turn makes up {share}",
    "SHELTER": "movements of a registered house or body that shelters people make up {share}",
    "SCHOOL": "movements with schools or universities make up {share}",
    "EVENT": "small gifts of a feast or a festival, not passed on, make up {share}",
    "LIVE_SELLER": "small sums of many buyers by day, beside goods and couriers, make up {share}",
}
UNEXPLAINED: Mapping[str, str] = {
    "PAYROLL": "no payer pays monthly and evenly, as an employer does",
    "REMIT": "no sender pays small sums month by month, as family abroad does",
    "FAMILY": "no cited party is a declared relative or an old two-way tie",
    "LICENSED": "no cited party stands in a public register",
    "MERCH": "the holder is no registered merchant with steady takings",
    "ROSCA": "no circle pays and receives one sum in turn, as savers do",
    "SHELTER": "no cited party is registered as one that shelters people",
    "SCHOOL": "no cited party is a registered school, and no merchant paid is one",
    "EVENT": "no small gifts of many within days or at a festival, kept by whoever got them",
    "LIVE_SELLER": "no takings of many small buyers by day with goods and couriers paid from them",
}
UNTESTED: Mapping[str, str] = {
    "PAYROLL": "wages could not be recognised: less than 60 days of history",
    "REMIT": "family support could not be recognised: less than 60 days of history",
    "FAMILY": "family could not be recognised: no declared relations and less than 180 days of "
    "history",
    "LICENSED": "licences could not be looked up: no public register is connected",
    "MERCH": "steady takings could not be recognised: less than 180 days of history",
    "ROSCA": "circles of savers could not be recognised: less than 60 days of history",
    "SHELTER": "shelters could not be looked up: no public register is connected",
    "SCHOOL": "schools could not be recognised: no public register and no merchant category",
    "EVENT": "gifts could not be recognised: less than 60 days of history or no rate to the dollar",
    "LIVE_SELLER": "live selling could not be recognised: less than 60 days of history, or no "
    "hours, merchant categories or rate to the dollar",
}
RANK: Mapping[TestResult, int] = {"explains": 0, "does_not_explain": 1, "not_testable": 2}


def exculpations(cited: Sequence[Cited]) -> tuple[Exculpation, ...]:
    """One a test, by name: of several findings' results the one that speaks most for the
    person."""
    best: dict[str, ExculpationResult] = {}
    for result in (result for each in cited for result in each.finding.exculpations):
        held = best.setdefault(result.test, result)
        if _favour(result) < _favour(held):
            best[result.test] = result
    return tuple(_worded(best[test]) for test in sorted(best))


def reason(result: ExculpationResult) -> str:
    """Why a test came out as it did."""
    if result.result == "explains":
        text = EXPLAINED.get(result.test, "explained movements make up {share}")
        return text.format(share=f"{share(result.share)} of the value moved")
    if result.result == "does_not_explain":
        return UNEXPLAINED.get(result.test, "no cited movement is explained")
    return UNTESTED.get(result.test, "the feed lacks what the test rests on")


def _favour(result: ExculpationResult) -> tuple[int, float]:
    return RANK[result.result], -(result.share or 0.0)


def _worded(result: ExculpationResult) -> Exculpation:
    return Exculpation(
        test=result.test, result=result.result, share=result.share, why=reason(result)
    )
