"""The active currencies of ISO 4217 and how many decimals each has."""

from functools import cache
from importlib.resources import files


@cache
def minor_units() -> dict[str, int | None]:
    """Decimals by currency code; None where the standard gives none (metals, units of account).

    Source: ISO 4217 list one. XXX (no currency) and XTS (testing) are left out on purpose.
    """
    lines = files("ingest").joinpath("iso_4217.txt").read_text("ascii").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {code: None if digits == "-" else int(digits) for code, digits in pairs}
