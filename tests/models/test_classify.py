"""What a movement is, beside the oracle: every field and every bit, of transactions of any kind."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reference import Account, Customer, Licence, References
from models.kernels.arena import Columns
from models.mask import Mask
from models.movement import MCC_BITS, PURPOSE_BITS, TYPE_BITS, Classifier, Movements
from models.names import Names
from tests.models.standing import bundle_of, frame, rates_of
from tests.models.strategies import (
    BANK_ACCOUNT,
    DAY,
    FESTIVAL,
    HOME,
    HOUR,
    OWN_LIFE_MCC,
    OWN_LIFE_PURPOSE,
    PLACES,
    START,
    TERMS,
    TEXTS,
    TICK,
    Dated,
)
from tests.oracle import movements as oracle
from tests.oracle.movements import Transaction, World

DOLLAR, THRESHOLD = 2_150_000, 10_000_000_000
CHANGES = START + 60 * DAY
CUSTOMERS = (
    Customer(party_id="C-FICT-1", home_region=HOME, work_region="FX-2", devices=("D-FICT-1",)),
    Customer(party_id="C-FICT-2", home_region=None, related=("C-FICT-1", "X-FICT-1")),
    Customer(party_id="C-FICT-SHOP", is_merchant=True, home_region="FX-1"),
    Customer(party_id="C-FICT-CHILD", birth_year=START.year - 17),
    Customer(party_id="C-FICT-GROWN", birth_year=START.year - 18, devices=("D-FICT-2",)),
)
ACCOUNTS = (
    Account(account_id="A-FICT-1", holder="C-FICT-1", opened=(START - 400 * DAY).date()),
    Account(account_id="A-FICT-2", holder="C-FICT-2", opened=(START + 10 * DAY).date()),
    Account(account_id="A-FICT-SHOP", holder="C-FICT-SHOP"),
    Account(account_id="A-FICT-CHILD", holder="C-FICT-CHILD", opened=(START - 89 * DAY).date()),
    Account(account_id="A-FICT-NOBODY", holder=None, opened=(START - 180 * DAY).date()),
    Account(account_id="A-FICT-SOLD", holder="C-FICT-1"),
    Account(account_id="A-FICT-SOLD", holder="C-FICT-GROWN", valid_from=CHANGES),
)
KINDS = ("MVTS", "NGO", "SCHOOL", "OTHER")
LICENCES = tuple(
    Licence(holder=holder, kind=kind, valid_from=START.date(), valid_to=CHANGES.date())
    for holder, kind in zip(("C-FICT-SHOP", "C-FICT-2", "X-FICT-1", "C-FICT-1"), KINDS, strict=True)
)
ACCOUNT_IDS = (None, BANK_ACCOUNT, "A-FICT-ELSEWHERE", *(each.account_id for each in ACCOUNTS))
PARTIES = (None, None, "X-FICT-1", *(each.party_id for each in CUSTOMERS))
TYPES = (*sorted(TYPE_BITS), "OTHER", "CASH_DEPOSIT", "CASH_WITHDRAWAL", "INTEREST")
AMOUNTS = (
    *(None, 0, 1),
    *(THRESHOLD * tenths // 10 - less for tenths in (8, 10, 12) for less in (0, 1)),
    *(DOLLAR * usd + more for usd in (8_000, 40_000) for more in (-1, 0, 1)),
)
TIMES = tuple(
    at + step
    for at in (
        *(START, START + 6 * HOUR, START + 22 * HOUR, START + 30 * HOUR, CHANGES, CHANGES + DAY),
        *(START + days * DAY for days in (9, 10, 99, 100, 103, 108, 109, 190, 365)),
    )
    for step in (-TICK, timedelta(0))
)
ONE_OF = st.sampled_from


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    return Transaction(
        reference="TX-FICT-1",
        event_time=draw(ONE_OF(TIMES)),
        local_utc_offset_min=draw(ONE_OF((0, 420, -300))),
        txn_type=draw(ONE_OF(TYPES)),
        amount_base=draw(ONE_OF(AMOUNTS)),
        source_sequence=draw(ONE_OF((0, 7))),
        status=draw(ONE_OF(("BOOKED", "PENDING", None, "REJECTED", "ATTEMPTED"))),
        reversal_of=draw(ONE_OF((None, None, "TX-FICT-0"))),
        is_cash=draw(st.booleans()),
        is_cross_border=draw(st.booleans()),
        orig_account_id=draw(ONE_OF(ACCOUNT_IDS)),
        orig_party_id=draw(ONE_OF(PARTIES)),
        orig_country=draw(ONE_OF((None, "FX"))),
        orig_region=draw(ONE_OF((None, "FX-4"))),
        benef_account_id=draw(ONE_OF(ACCOUNT_IDS)),
        benef_party_id=draw(ONE_OF(PARTIES)),
        benef_country=draw(ONE_OF((None, "FX"))),
        benef_region=draw(ONE_OF((None, "FX-5"))),
        orig_holds=draw(ONE_OF((True, True, False))),
        benef_holds=draw(ONE_OF((True, True, False))),
        conductor_party_id=draw(ONE_OF(PARTIES)),
        place_id=draw(ONE_OF((None, "P-UNKNOWN", *PLACES))),
        location_region=draw(ONE_OF((None, HOME, "FX-2"))),
        mcc=draw(ONE_OF((None, "0000", *MCC_BITS, *OWN_LIFE_MCC))),
        merchant_id=draw(ONE_OF((None, "M-FICT-1", "C-FICT-SHOP"))),
        device_hash=draw(ONE_OF((None, "D-FICT-1", "D-FICT-2", "D-FICT-3"))),
        purpose_code=draw(ONE_OF((None, "GDDS", *PURPOSE_BITS, *OWN_LIFE_PURPOSE))),
        remittance_text=draw(ONE_OF(TEXTS)),
    )


def world_of(*rows: Transaction, has_accounts: bool = True) -> World:
    accounts: dict[str, tuple[Account, ...]] = {}
    for each in ACCOUNTS if has_accounts else ():
        accounts[each.account_id] = (*accounts.get(each.account_id, ()), each)
    references = References(
        customers={each.party_id: each for each in CUSTOMERS},
        accounts=accounts,
        places=PLACES,
        licences={each.holder: (each,) for each in LICENCES},
    )
    return World(
        transactions=rows,
        references=references,
        usd_minor=Dated(CHANGES.date(), DOLLAR, DOLLAR),
        threshold=Dated(CHANGES.date(), None, THRESHOLD),
        base_currency="LAK",
        own_life_mcc=OWN_LIFE_MCC,
        own_life_purpose=OWN_LIFE_PURPOSE,
        ledger_accounts=frozenset({BANK_ACCOUNT}),
        festivals=(FESTIVAL,),
        terms=TERMS,
    )


def classified(world: World, names: Names) -> Movements:
    classifier = Classifier(
        names=names,
        references=world.references,
        bundle=bundle_of(world),
        own_ledger_accounts=world.ledger_accounts,
        is_hour_known=True,
        usd_minor=rates_of(world).usd_minor,
    )
    return classifier.movements(frame(world.transactions), first_row=7)


def shown(names: Names, made: Movements, at: int) -> dict[str, object]:
    """A movement of the engine, in the oracle's words."""
    columns: Columns = made.columns

    def name(field: str) -> str | None:
        return names.names([int(columns[field][at])])[0]

    amount = int(columns.amount[at])
    return {
        "holder": names.name(int(made.holder[at])),
        "holder_kind": "customer" if made.is_customer[at] else "account",
        "time": int(columns.time[at]),
        "sequence": int(columns.sequence[at]),
        "transaction": int(columns.txn_hi[at]) << 64 | int(columns.txn_lo[at]),
        "side": int(columns.side[at]),
        "account": name("account"),
        "counterparty": name("counterparty"),
        "counterparty_account": name("counterparty_account"),
        "counterparty_region": name("counterparty_region"),
        "amount": None if amount < 0 else amount,
        "place": name("place"),
        "region": name("region"),
        "device": name("device_id"),
        "local_day": int(columns.day[at]),
        "month": int(columns.month[at]),
        "row": int(columns.row[at]),
        "bits": {bit.name for bit in Mask if int(columns.mask[at]) & bit},
    }


def expected(movement: oracle.Movement) -> dict[str, object]:
    time, sequence, transaction, side = movement.order
    year, month = movement.local_month
    return {
        "holder": movement.holder,
        "holder_kind": movement.holder_kind,
        "time": time,
        "sequence": sequence,
        "transaction": transaction,
        "side": side,
        "account": movement.account,
        "counterparty": movement.counterparty,
        "counterparty_account": movement.counterparty_account,
        "counterparty_region": movement.counterparty_region,
        "amount": movement.amount,
        "place": movement.place_id,
        "region": movement.region,
        "device": movement.device,
        "local_day": movement.local_day,
        "month": 12 * (year - 1970) + month - 1,
        "row": 7,
        "bits": set(movement.bits),
    }


@settings(max_examples=1_500)
@given(transactions(), st.booleans())
def test_a_movement_is_what_the_oracle_says(row: Transaction, has_accounts: bool) -> None:
    world, names = world_of(row, has_accounts=has_accounts), Names()

    made = classified(world, names)

    wanted = [oracle.movement(world, row, side) for side in (0, 1)]
    assert [shown(names, made, at) for at in range(len(made.holder))] == [
        expected(movement) for movement in wanted if movement is not None
    ]
