"""Single movements of money, as schemes, look-alikes and scenes make them."""

from dataclasses import replace

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import CURRENCY, DEPOSIT_LIMIT, KINDS, MACHINE_LIMIT, TOWNS, place_id
from ingest.simulated.rows import DAY, SECOND, Row

STEP = 10_000
PRICE_STEP = 1_000
NOTES = 50_000
USUAL_DRAWN = 700_000


def transfer(
    scheme: str,
    payer: Party,
    payee: Party,
    amount: int,
    time: int,
    *,
    device: str | None = None,
    currency: str = CURRENCY,
    country: str | None = None,
) -> Row:
    """A mobile transfer, on the payer's own telephone unless another device is given; `amount` in
    whole `currency`, `country` where the payer's bank is if it is another one."""
    return Row(
        event_time=time,
        txn_type="TRANSFER",
        channel="MOBILE",
        direction=_direction(payer, payee),
        amount=amount,
        currency=currency,
        orig_account_id=payer.account,
        orig_party_id=payer.party,
        orig_region=None if country else TOWNS[payer.town].region,
        orig_country=country,
        is_cross_border=country is not None,
        benef_account_id=payee.account,
        benef_party_id=payee.party,
        benef_region=TOWNS[payee.town].region,
        device_hash=device or payer.device,
        scheme=scheme,
    )


def wage(scheme: str, employer: int, worker: Party, amount: float, time: int) -> Row:
    """A wage of the employer at that position among the country's, paid in a batch."""
    number = f"WORK-{employer + 1:04d}"
    return Row(
        event_time=time,
        txn_type="SALARY",
        channel="BATCH",
        direction="CREDIT",
        amount=int(amount) // PRICE_STEP * PRICE_STEP,
        orig_account_id=f"A-FICT-{number}",
        orig_party_id=f"E-FICT-{number}",
        orig_region=TOWNS[0].region,
        benef_account_id=worker.account,
        benef_party_id=worker.party,
        benef_region=TOWNS[worker.town].region,
        purpose_code="SALA",
        scheme=scheme,
    )


def withdrawal(scheme: str, holder: Party, amount: int, time: int, town: int, machine: int) -> Row:
    return Row(
        event_time=time,
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        direction="DEBIT",
        amount=amount,
        is_cash=True,
        orig_account_id=holder.account,
        orig_party_id=holder.party,
        orig_region=TOWNS[holder.town].region,
        terminal_id=place_id(town, "ATM", machine),
        location_region=TOWNS[town].region,
        scheme=scheme,
    )


def deposit(
    scheme: str,
    holder: Party,
    conductor: str | None,
    amount: int,
    time: int,
    town: int,
    kind: str,
) -> Row:
    return Row(
        event_time=time,
        txn_type="CASH_DEPOSIT",
        channel=kind,
        direction="CREDIT",
        amount=amount,
        is_cash=True,
        benef_account_id=holder.account,
        benef_party_id=holder.party,
        benef_region=TOWNS[holder.town].region,
        conductor_party_id=conductor,
        terminal_id=place_id(town, kind, 1),
        location_region=TOWNS[town].region,
        scheme=scheme,
    )


def purchase(
    scheme: str, holder: Party, amount: float, time: int, *, mcc: str, delay: int = 0
) -> Row:
    """Bought by card in the first shop of the holder's town, at a price in thousands."""
    shop = 3 * holder.town + 1
    return Row(
        event_time=time,
        txn_type="CARD_PURCHASE",
        channel="POS",
        direction="DEBIT",
        amount=max(1, int(amount) // PRICE_STEP) * PRICE_STEP,
        orig_account_id=holder.account,
        orig_party_id=holder.party,
        orig_region=TOWNS[holder.town].region,
        benef_account_id=f"A-FICT-SHOP-{shop:03d}",
        benef_party_id=f"M-FICT-SHOP-{shop:03d}",
        benef_region=TOWNS[holder.town].region,
        terminal_id=place_id(holder.town, "SHOP", 1),
        location_region=TOWNS[holder.town].region,
        mcc=mcc,
        merchant_id=f"M-FICT-SHOP-{shop:03d}",
        delay=delay,
        scheme=scheme,
    )


def rounded(amount: float) -> int:
    return max(STEP, int(amount) // STEP * STEP)


def cash_out(
    scheme: str, holder: Party, amount: float, time: int, town: int, rng: np.random.Generator
) -> list[Row]:
    """The amount in cash, in the notes that machines give; much of it at a counter. Of little
    nobody draws each part: now and then a usual sum is drawn, as if it had gathered."""
    usual = USUAL_DRAWN * float(rng.lognormal(0.0, 0.6))
    if amount < usual:
        amount = usual if rng.random() < amount / usual else 0.0
    left, rows = int(amount) // NOTES * NOTES, list[Row]()
    if left > MACHINE_LIMIT * 3:
        return [
            replace(
                withdrawal(scheme, holder, left, time, town, 1),
                channel="BRANCH",
                terminal_id=place_id(town, "BRANCH", 1),
            )
        ]
    while left > 0:
        given = min(left, int(rng.integers(10, MACHINE_LIMIT // NOTES + 1)) * NOTES)
        machine = int(rng.integers(1, dict(KINDS)["ATM"] + 1))
        rows.append(withdrawal(scheme, holder, given, time, town, machine))
        left -= given
        time += int(rng.integers(60, 400)) * SECOND
    return rows


def paid_in(scheme: str, holder: Party, conductor: str, amount: float, time: int, town: int) -> Row:
    """Cash paid in: at a machine, or at the counter where it is more than a machine takes."""
    kind = "CDM" if amount < DEPOSIT_LIMIT else "BRANCH"
    return deposit(scheme, holder, conductor, rounded(amount), time, town, kind)


def moment(day: float, hours: tuple[float, float], rng: np.random.Generator) -> int:
    """A second of that local day between two hours, none of them round."""
    return int(day) * DAY + int(rng.uniform(*hours) * 3_600) * SECOND


def unknown_person(rng: np.random.Generator) -> str:
    """Somebody at a machine whom the bank does not know as a customer."""
    return f"W-FICT-{int(rng.integers(1, 1_000_000)):06d}"


def _direction(payer: Party, payee: Party) -> str:
    if payer.party and payee.party:
        return "INTERNAL"
    return "CREDIT" if payee.party else "DEBIT"
