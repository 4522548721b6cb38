"""People others live with or on: students, dormitories, shelters."""

import numpy as np

from ingest.reference import Licence
from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD, TOWNS
from ingest.simulated.moves import (
    cash_out,
    moment,
    paid_in,
    purchase,
    rounded,
    transfer,
    unknown_person,
)
from ingest.simulated.planted import LookAlike, Stage, look_alike
from ingest.simulated.rows import Row

MONTH = 30


def student_with_parents(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """One or two relatives pay in far away, the student draws it where the school is, and pays
    the university by card every other month."""
    student = stage.cast.lead_who(stage.cast.people.are("is_student"))
    parents = [unknown_person(rng) for _ in range(int(rng.integers(1, 3)))]
    homes = [int(town) for town in rng.integers(0, len(TOWNS), 3)]
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 4, int(rng.integers(6, 16))):
        amount = KIP_PER_USD * float(rng.uniform(15, 120))
        parent, home = str(rng.choice(parents)), int(rng.choice(homes))
        rows.append(paid_in("", student, parent, amount, moment(day, (8, 17), rng), home))
        out = moment(day + int(rng.integers(0, 3)), (17.5, 22), rng)
        rows += cash_out("", student, amount * 0.7, out, student.town, rng)
    for day in range(stage.first_day + int(rng.integers(0, 40)), stage.last_day - 4, 2 * MONTH):
        fees = KIP_PER_USD * float(rng.uniform(20, 90))
        rows.append(purchase("", student, fees, moment(day, (8, 16), rng), mcc="8220"))
    return look_alike("student_with_parents", [student], rows)


def dormitory_address(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Students of one dormitory pay their share every month to the one who pays for the house;
    some of them with the telephone of the room."""
    warden = stage.cast.lead()
    count = min(8, max(1, len(stage.cast.leads) // 50))
    is_student = stage.cast.people.are("is_student")
    students = [stage.cast.lead_who(is_student) for _ in range(count)]
    share = rounded(KIP_PER_USD * float(rng.uniform(15, 45)))
    owner = Party(party=None, account=f"X-FICT-{18 * warden.town:06d}", town=0, device=None)
    rows: list[Row] = []
    for day in range(stage.first_day + 2, stage.last_day - 7, MONTH):
        for student in students:
            device = students[0].device if rng.random() < 0.3 else None
            time = moment(day + int(rng.integers(0, 4)), (8, 22), rng)
            rows.append(transfer("", student, warden, share, time, device=device))
        rent, due = rounded(share * count * 0.97), moment(day + 5, (8, 20), rng)
        rows.append(transfer("", warden, owner, rent, due))
    return look_alike("dormitory_address", [warden, *students], rows, is_one_house=True)


def shelter(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Gifts of many strangers to a registered house, spent on food and on the women's journeys."""
    house = stage.cast.lead()
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 3, 4):
        for giver in stage.cast.strangers(int(rng.integers(1, 5)), rng):
            gift = rounded(KIP_PER_USD * float(rng.choice([5, 10, 20, 50])))
            rows.append(transfer("", giver, house, gift, moment(day, (7, 22), rng)))
        food = KIP_PER_USD * float(rng.uniform(10, 60))
        rows.append(purchase("", house, food, moment(day + 1, (8, 18), rng), mcc="5411"))
        if rng.random() < 0.3:
            fare = KIP_PER_USD * float(rng.uniform(10, 40))
            rows += cash_out("", house, fare, moment(day + 2, (8, 18), rng), house.town, rng)
    register = "fictional register of associations"
    licence = Licence(holder=house.party or house.account, kind="NGO", source=register)
    return look_alike("shelter", [house], rows, licence)


KINDS = {
    "dormitory_address": dormitory_address,
    "shelter": shelter,
    "student_with_parents": student_with_parents,
}
