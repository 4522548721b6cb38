"""Figures of a bench: a line each, with their spread, as a table people can read."""

import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, what is aimed at, and every value of it in one run."""

    name: str
    goal: str
    unit: str
    values: Sequence[float]


def once(name: str, unit: str, value: float, *, goal: str = "") -> Figure:
    """What was measured a single time."""
    return Figure(name=name, goal=goal, unit=unit, values=[value])


def timed(work: Callable[[], object], *, times: int = 3) -> list[float]:
    """CPU seconds (user and system, all threads) of each repetition."""
    spent = []
    for _ in range(times):
        begun = process_time()
        work()
        spent.append(process_time() - begun)
    return spent


def print_table(title: str, figures: Iterable[Figure]) -> None:
    print(f"## {title}\n")
    print("| figure | goal | unit | n | min | median | max |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for each in figures:
        told = (min(each.values), statistics.median(each.values), max(each.values))
        numbers = " | ".join(_said(number) for number in told)
        print(f"| {each.name} | {each.goal} | {each.unit} | {len(each.values)} | {numbers} |")
    print(flush=True)


def machine() -> str:
    """The machine and the packages whose speed this is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")
    cores = sum(line.startswith("processor") for line in lines)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "polars"))
    return f"{model}, {cores} cores; Python {platform.python_version()}, {packages}"


def _said(number: float) -> str:
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}"
