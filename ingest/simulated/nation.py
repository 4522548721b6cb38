"""The society of `palermo simulate`: ten walks of life and a bank's everyday business with them."""

from ingest.simulated.country import MACHINE_LIMIT
from ingest.simulated.society import Habit, Rhythm, Society, Walk

DAYTIME = Rhythm(
    hours=(0.1, 0, 0, 0, 0.1, 1, 3, 6, 7, 7, 7, 8, 8, 6, 5, 5, 6, 8, 8, 7, 5, 3, 1.5, 0.5)
)
EVENING = Rhythm(
    hours=(2, 1, 0.5, 0.2, 0, 0.2, 1, 2, 2, 2, 2, 4, 5, 3, 2, 2, 3, 6, 9, 10, 9, 7, 5, 3),
    weekdays=(0.8, 0.8, 0.9, 1.0, 1.4, 1.6, 1.2),
)
NIGHT = Rhythm(
    hours=(7, 6, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7),
    weekdays=(0.8, 0.8, 0.9, 1.0, 1.5, 1.7, 1.1),
)
COUNTER = Rhythm(
    hours=(0, 0, 0, 0, 0, 0, 0, 0, 5, 9, 9, 7, 4, 6, 8, 6, 1, 0, 0, 0, 0, 0, 0, 0),
    weekdays=(1.3, 1.0, 1.0, 1.0, 1.2, 0.3, 0.05),
)
HARVEST = Rhythm(
    hours=DAYTIME.hours, months=(1.2, 0.6, 0.4, 0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 1.8, 3.0, 2.7)
)
HIGH_SEASON = Rhythm(
    hours=EVENING.hours, months=(1.6, 1.5, 1.2, 0.9, 0.6, 0.5, 0.6, 0.7, 0.6, 0.9, 1.4, 1.5)
)

WALKS: tuple[Walk, ...] = (
    Walk(occupation="farmer", share=0.16, usual_income_usd=120, born=(1958, 2003), is_earner=True),
    Walk(
        occupation="market vendor",
        share=0.12,
        usual_income_usd=260,
        born=(1962, 2003),
        may_let=True,
        is_earner=True,
        is_business=True,
    ),
    Walk(occupation="student", share=0.11, usual_income_usd=60, born=(2002, 2011), is_student=True),
    Walk(
        occupation="factory worker",
        share=0.17,
        usual_income_usd=150,
        born=(1978, 2006),
        is_waged=True,
        is_supporting=True,
    ),
    Walk(
        occupation="office employee",
        share=0.15,
        usual_income_usd=280,
        born=(1966, 2002),
        is_waged=True,
        is_supporting=True,
    ),
    Walk(
        occupation="night shift worker",
        share=0.05,
        usual_income_usd=180,
        born=(1978, 2005),
        is_waged=True,
        is_supporting=True,
        works_nights=True,
    ),
    Walk(
        occupation="trader",
        share=0.04,
        usual_income_usd=600,
        born=(1962, 1999),
        is_earner=True,
        may_let=True,
        is_business=True,
    ),
    Walk(
        occupation="guesthouse or restaurant keeper",
        share=0.05,
        usual_income_usd=350,
        born=(1962, 2001),
        is_earner=True,
        is_business=True,
    ),
    Walk(
        occupation="driver",
        share=0.05,
        usual_income_usd=220,
        born=(1968, 2003),
        is_supporting=True,
    ),
    Walk(
        occupation="retired",
        share=0.10,
        usual_income_usd=70,
        born=(1940, 1962),
        is_elder=True,
        may_let=True,
    ),
)
"""In this order every habit tells how often: farmer, vendor, student, factory, office, night,
trader, keeper, driver, retired."""

SPENDING: tuple[Habit, ...] = (
    Habit(
        other="shop",
        a_month=(2, 4, 3, 4, 7, 4, 5, 5, 4, 2),
        median=180_000,
        rhythm=DAYTIME,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc="5411",
    ),
    Habit(
        other="shop",
        a_month=(4, 7, 8, 9, 11, 8, 7, 7, 9, 4),
        median=80_000,
        rhythm=DAYTIME,
        mcc="5411",
    ),
    Habit(
        other="shop",
        a_month=(1, 3, 6, 4, 7, 2, 4, 3, 5, 1),
        median=55_000,
        rhythm=EVENING,
        mcc="5812",
    ),
    Habit(
        other="shop",
        a_month=(0, 0, 1, 0, 0.5, 6, 0.5, 1, 1, 0),
        median=70_000,
        rhythm=NIGHT,
        mcc="5812",
    ),
    Habit(
        other="shop",
        a_month=(0.5, 1, 0.2, 0.8, 1.5, 0.8, 3, 2, 7, 0.1),
        median=250_000,
        rhythm=DAYTIME,
        mcc="5541",
    ),
    Habit(
        other="shop",
        a_month=(0.4, 0.6, 0.8, 0.5, 1.0, 0.5, 0.6, 1.2, 1.5, 0.2),
        median=500_000,
        step=10_000,
        rhythm=DAYTIME,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc="4131",
    ),
    Habit(
        other="shop",
        a_month=(0.2, 0.3, 0.4, 0.3, 0.5, 0.3, 0.2, 0.6, 0.7, 0.2),
        median=700_000,
        step=10_000,
        rhythm=DAYTIME,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc="4112",
    ),
    Habit(
        other="shop",
        a_month=(0.05, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.5, 0.4, 0.05),
        median=1_500_000,
        step=10_000,
        rhythm=DAYTIME,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc="4511",
    ),
    Habit(
        other="telco",
        a_month=(1.5, 3, 3, 3, 2, 3, 3, 3, 3, 1),
        median=30_000,
        step=5_000,
        rhythm=DAYTIME,
        mcc="4814",
    ),
    Habit(
        other="utility",
        a_month=(0.5, 1, 0, 0.6, 1, 0.6, 1.3, 1.5, 0.7, 1),
        median=200_000,
        rhythm=DAYTIME,
        mcc="4900",
        purpose="UBIL",
    ),
)

BILLS: tuple[Habit, ...] = tuple(
    Habit(
        other="shop",
        a_month=a_month,
        median=median,
        rhythm=DAYTIME,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc=mcc,
    )
    for mcc, median, a_month in (
        ("5912", 120_000, (0.5, 0.6, 0.3, 0.6, 0.9, 0.6, 0.8, 0.6, 0.5, 1.5)),
        ("8062", 600_000, (0.12, 0.15, 0.08, 0.15, 0.25, 0.15, 0.2, 0.15, 0.15, 0.4)),
        ("9399", 250_000, (0.1, 0.3, 0.2, 0.15, 0.25, 0.15, 0.6, 0.4, 0.4, 0.1)),
        ("4814", 60_000, (0.1, 0.2, 0.3, 0.2, 0.4, 0.2, 0.3, 0.3, 0.3, 0.1)),
        ("4900", 250_000, (0.1, 0.3, 0.1, 0.2, 0.4, 0.2, 0.4, 0.5, 0.2, 0.3)),
    )
)
"""Medicine, hospitals, the state, telephone and power, paid by card."""

PEOPLE: tuple[Habit, ...] = (
    Habit(
        other="friend",
        a_month=(1.2, 3, 5, 3, 3.5, 4, 4, 3, 3, 0.8),
        median=450_000,
        spread=1.35,
        step=10_000,
        rhythm=EVENING,
        is_internal=True,
    ),
    Habit(
        other="townsfolk",
        a_month=(2, 16, 0.5, 0.5, 0.5, 1, 7, 12, 11, 0.5),
        median=170_000,
        spread=1.3,
        step=10_000,
        rhythm=DAYTIME,
        is_credit=True,
        is_internal=True,
    ),
    Habit(
        other="townsfolk",
        a_month=(0, 3, 0, 0.3, 0.3, 6, 1, 9, 3, 0),
        median=450_000,
        spread=1.35,
        step=10_000,
        rhythm=NIGHT,
        is_credit=True,
        is_internal=True,
    ),
    Habit(
        other="elsewhere",
        a_month=(1.5, 9, 4, 2, 3, 3.5, 9, 8, 7, 1.5),
        median=600_000,
        spread=1.45,
        step=10_000,
        rhythm=EVENING,
        is_credit=True,
    ),
    Habit(
        other="elsewhere",
        a_month=(0.8, 5, 2, 2.5, 3, 3, 8, 4, 3, 0.5),
        median=650_000,
        spread=1.4,
        step=10_000,
        rhythm=DAYTIME,
    ),
)

CASH: tuple[Habit, ...] = (
    Habit(
        other="atm",
        a_month=(2, 2.5, 2, 3, 3, 3, 4, 3, 3, 1.8),
        median=850_000,
        spread=0.95,
        step=50_000,
        most=MACHINE_LIMIT,
        rhythm=DAYTIME,
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        is_cash=True,
    ),
    Habit(
        other="atm",
        a_month=(0.1, 0.3, 0.6, 0.5, 0.6, 2.5, 0.8, 1.5, 1, 0),
        median=950_000,
        spread=0.95,
        step=50_000,
        most=MACHINE_LIMIT,
        rhythm=NIGHT,
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        is_cash=True,
    ),
    Habit(
        other="cdm",
        a_month=(0.4, 5, 0.1, 0.3, 0.3, 0.8, 5, 6, 3, 0.1),
        median=3_000_000,
        spread=1.0,
        step=10_000,
        rhythm=DAYTIME,
        txn_type="CASH_DEPOSIT",
        channel="CDM",
        is_cash=True,
        is_credit=True,
    ),
    Habit(
        other="branch",
        a_month=(0.15, 0.35, 0.03, 0.05, 0.1, 0.05, 2.0, 0.5, 0.1, 0.05),
        median=22_000_000,
        spread=1.0,
        step=10_000,
        rhythm=COUNTER,
        txn_type="CASH_DEPOSIT",
        channel="BRANCH",
        is_cash=True,
        is_credit=True,
    ),
    Habit(
        other="branch",
        a_month=(0.3, 0.5, 0.1, 0.1, 0.2, 0.1, 1.5, 0.6, 0.2, 0.4),
        median=14_000_000,
        spread=1.0,
        step=50_000,
        rhythm=COUNTER,
        txn_type="CASH_WITHDRAWAL",
        channel="BRANCH",
        is_cash=True,
    ),
)

TRADE: tuple[Habit, ...] = (
    Habit(
        other="townsfolk",
        a_month=(0.25, 1.5, 0.05, 0.1, 0.2, 0.1, 6, 1.5, 0.5, 0.15),
        median=5_500_000,
        spread=1.0,
        step=10_000,
        rhythm=DAYTIME,
        is_credit=True,
        is_internal=True,
    ),
    Habit(
        other="elsewhere",
        a_month=(0.15, 1.2, 0.02, 0.05, 0.15, 0.05, 6, 1.2, 0.4, 0.1),
        median=6_000_000,
        spread=1.0,
        step=10_000,
        rhythm=DAYTIME,
        is_credit=True,
    ),
    Habit(
        other="elsewhere",
        a_month=(0.02, 0.3, 0.05, 0.03, 0.1, 0.05, 0.6, 1.5, 0.2, 0.03),
        median=60,
        spread=1.0,
        step=1,
        rhythm=HIGH_SEASON,
        currency="USD",
        is_credit=True,
        countries=("AU", "CA", "DE", "FR", "GB", "JP", "KR", "NL", "SE", "SG", "TH", "US"),
    ),
    Habit(
        other="elsewhere",
        a_month=(0.02, 0.15, 0.01, 0.01, 0.03, 0.01, 0.9, 0.5, 0.05, 0.01),
        median=3_000,
        spread=1.2,
        step=10,
        rhythm=DAYTIME,
        currency="CNY",
        is_credit=True,
        countries=("CN",),
    ),
    Habit(
        other="elsewhere",
        a_month=(0.1, 2.0, 0, 0, 0.1, 0, 8, 2.5, 1.0, 0),
        median=5_000_000,
        spread=1.1,
        step=50_000,
        rhythm=DAYTIME,
        purpose="GDDS",
    ),
    Habit(
        other="buyer",
        a_month=(1.2, 0, 0, 0, 0, 0, 0.8, 0, 0, 0),
        median=5_000_000,
        step=50_000,
        rhythm=HARVEST,
        purpose="GDDS",
        is_credit=True,
    ),
    Habit(
        other="elsewhere",
        a_month=(0, 0.3, 0, 0, 0, 0, 6, 0.5, 0, 0),
        median=9_000,
        spread=1.0,
        step=100,
        rhythm=COUNTER,
        currency="THB",
    ),
    Habit(
        other="elsewhere",
        a_month=(0, 0.1, 0, 0, 0, 0, 1.2, 0.2, 0, 0),
        median=1_800,
        spread=1.0,
        step=50,
        rhythm=COUNTER,
        currency="CNY",
    ),
    Habit(
        other="elsewhere",
        a_month=(0, 0.1, 0, 0, 0, 0, 1.0, 0.2, 0, 0),
        median=6_000_000,
        spread=1.0,
        step=100_000,
        rhythm=COUNTER,
        currency="VND",
    ),
    Habit(
        other="elsewhere",
        a_month=(0, 0.1, 0, 0, 0.05, 0, 0.6, 2.0, 0.2, 0),
        median=60,
        spread=1.0,
        step=5,
        rhythm=HIGH_SEASON,
        currency="USD",
        is_credit=True,
    ),
    Habit(
        other="abroad",
        a_month=(2.0, 1.0, 1.2, 0.3, 0.4, 0.5, 2.0, 1.0, 0.4, 2.2),
        median=4_000,
        spread=0.5,
        step=100,
        rhythm=DAYTIME,
        currency="THB",
        txn_type="REMITTANCE_PAYOUT",
        channel="MTO_COUNTER",
        is_credit=True,
    ),
)

NATION = Society(
    walks=WALKS,
    habits=(*SPENDING, *BILLS, *PEOPLE, *CASH, *TRADE),
    shops_per_10k=400,
    merchant_skew=2.5,
    activity_spread=0.75,
    remitter_share=0.3,
    travel_share=0.12,
    shared_telephones=0.06,
    says_conductor=True,
    tells_contacts=True,
    banks=(
        ("fict-bank-a", 0.42),
        ("fict-bank-b", 0.27),
        ("fict-bank-c", 0.19),
        ("fict-bank-d", 0.12),
    ),
)

RATES = {"USD": "21500", "THB": "610", "CNY": "2960", "VND": "0.85"}
"""Kip for one unit, all through: the rate does not move."""
