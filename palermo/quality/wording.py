"""Figures as a person reads them: value, interval, n."""

from palermo.quality.intervals import Estimate, Ratio, Share
from palermo.quality.proposals import Line

LINE_NAMES: dict[Line | None, str] = {
    None: "all",
    "urgent": "urgent",
    "persons": "trafficking and smuggling",
    "laundering": "laundering",
    "unusual": "unusual",
    "first_load": "first load",
}


def share_text(known: Share) -> str:
    """Such as `83 % (71-91, 45 of 54)`."""
    if known.value is None or known.low is None or known.high is None:
        return "none to count"
    edges = f"{_hundredths(known.low)}-{_hundredths(known.high)}"
    return f"{_hundredths(known.value)} % ({edges}, {known.hits} of {known.n})"


def percent_text(known: Estimate) -> str:
    """A share that is no count, such as a reweighted precision: `4.1 % (2.2-7.5)`."""
    if known.value is None or known.low is None or known.high is None:
        return "-"
    edges = f"{_hundredths(known.low)}-{_hundredths(known.high)}"
    return f"{_hundredths(known.value)} % ({edges})"


def hours_text(known: Estimate) -> str:
    """Such as `26.0 h (11.5-40.2, n 45)`."""
    if known.value is None:
        return "none to count"
    if known.low is None or known.high is None:
        return f"{known.value:,.1f} h (n {known.n})"
    return f"{known.value:,.1f} h ({known.low:,.1f} to {known.high:,.1f}, n {known.n})"


def ratio_text(known: Ratio) -> str:
    """Such as `1.31 (0.80-2.12)`."""
    edges = (
        "" if known.low is None or known.high is None else f" ({known.low:.2f}-{known.high:.2f})"
    )
    return f"-{edges}" if known.value is None else f"{known.value:.2f}{edges}"


def lift_text(lift: Estimate) -> str:
    """How many times better than a blind choice: `410 x (220-560)`."""
    if lift.value is None or lift.low is None or lift.high is None:
        return "-"
    return f"{_times(lift.value)} x ({_times(lift.low)}-{_times(lift.high)})"


def _times(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _hundredths(value: float) -> str:
    hundred = 100 * value
    return f"{hundred:.0f}" if hundred >= 10 or hundred == 0 else f"{hundred:.2g}"
