"""Two pictures of a score: recall per typology, precision against budget. Needs matplotlib."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from palermo.errors import DependencyUnreachable
from palermo.quality.budgets import BUDGET_OF_LINE, CURVE, BudgetRow
from palermo.quality.intervals import Share
from palermo.quality.labels import Variant
from palermo.quality.schemes_found import RecallRow
from palermo.quality.score import Score
from palermo.quality.wording import LINE_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RECALL = "recall"
PRECISION = "precision"
FORMATS = {"svg": "Date", "png": "Software"}
"""Each with the stamp that is left out."""

INK, FAINT, GRID = "#1f2933", "#52606d", "#e4e7eb"
VARIANT_COLOURS: dict[Variant, str] = {
    "textbook": "#0072b2",
    "noisy": "#e69f00",
    "evasive": "#cc3311",
}
"""Told apart by people who do not see red or green (Okabe and Ito), and by their markers."""
VARIANT_MARKERS: dict[Variant, str] = {"textbook": "o", "noisy": "s", "evasive": "D"}
VARIANT_SHIFTS: dict[Variant, float] = {"textbook": -0.24, "noisy": 0.0, "evasive": 0.24}
CURVE_COLOUR = "#0072b2"
CUT_BUDGET = 1.5
TICKS = (0.1, 0.5, CUT_BUDGET, 5.0)


def demand_matplotlib() -> None:
    """Raises DependencyUnreachable with the fix where matplotlib is missing."""
    if find_spec("matplotlib") is None:
        raise DependencyUnreachable(
            "--pictures: matplotlib is not installed; pip install 'palermo[charts]'"
        )


def write_pictures(made: Score, folder: Path) -> list[Path]:
    """recall and precision, each as SVG and PNG; the same score gives the same files."""
    demand_matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    return [
        *saved(recall_figure(made.recall), folder / RECALL),
        *saved(precision_figure(made), folder / PRECISION),
    ]


def saved(figure: "Figure", stem: Path) -> list[Path]:
    """The figure as `stem`.svg and `stem`.png; two drawings of one score are the same bytes."""
    import matplotlib as mpl

    # Without a fixed salt and date they would differ.
    with mpl.rc_context({"svg.hashsalt": "palermo"}):
        for kind, stamp in FORMATS.items():
            figure.savefig(stem.with_suffix(f".{kind}"), metadata={stamp: None})
    return [stem.with_suffix(f".{kind}") for kind in FORMATS]


def recall_figure(recall: Sequence[RecallRow]) -> "Figure":
    """A row for each typology, a mark for each variant, with its interval and n."""
    typologies = sorted({row.typology for row in recall if row.typology is not None})
    figure = _sheet(height=1.7 + 0.52 * max(len(typologies), 1))
    axes = _panel(figure, (1, 1, 1))
    for place, typology in enumerate(typologies):
        rows = [row for row in recall if row.typology == typology]
        for row in rows:
            if row.variant is not None:
                height = place + VARIANT_SHIFTS[row.variant]
                _draw_recall(axes, height, row.recall, row.variant)
    axes.set_yticks(range(len(typologies)), typologies, fontfamily="monospace")
    axes.set_ylim(len(typologies) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.13)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], [f"{step} %" for step in range(0, 101, 20)])
    axes.grid(axis="x", color=GRID)
    axes.set_title("Schemes found at the cut, by typology and variant", loc="left", color=INK)
    axes.set_xlabel(
        "recall, with 95 % interval; at the right, found of planted", color=FAINT, fontsize=9
    )
    _draw_variant_legend(figure)
    return figure


def precision_figure(made: Score) -> "Figure":
    """Precision of the first proposals against the budget: all lines, then each with proposals."""
    lines = [None, *(line for line in BUDGET_OF_LINE if made.proposals_of_line[line])]
    figure = _sheet(height=3.4)
    for place, line in enumerate(lines, start=1):
        axes = _panel(figure, (1, len(lines), place))
        _draw_curve(axes, [row for row in made.curve if row.line == line])
        axes.set_title(LINE_NAMES[line], loc="left", color=INK, fontsize=10)
        if place == 1:
            axes.set_ylabel("true proposals, with 95 % interval", color=FAINT, fontsize=9)
    words = "case proposals per 10,000 active customers a week; dotted: the budget of the cut"
    figure.supxlabel(words, color=FAINT, fontsize=9)
    figure.suptitle("Precision against budget", x=0.01, ha="left", color=INK)
    return figure


def _sheet(*, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, height), dpi=120, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _panel(figure: "Figure", place: tuple[int, int, int]) -> "Axes":
    axes = figure.add_subplot(*place)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(length=0, colors=INK, labelsize=9)
    return axes


def _draw_recall(axes: "Axes", height: float, known: Share, variant: Variant) -> None:
    if known.value is None or known.low is None or known.high is None:
        return
    colour = VARIANT_COLOURS[variant]
    axes.plot((known.low, known.high), (height, height), color=colour, linewidth=2, alpha=0.55)
    axes.plot(known.value, height, marker=VARIANT_MARKERS[variant], color=colour, markersize=5.5)
    label = f"{known.hits}/{known.n}"
    axes.text(1.12, height, label, fontsize=7, color=colour, ha="right", va="center")


def _draw_variant_legend(figure: "Figure") -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=colour, marker=VARIANT_MARKERS[variant], label=variant)
        for variant, colour in VARIANT_COLOURS.items()
    ]
    figure.legend(handles=marks, frameon=False, fontsize=9, ncols=3, loc="outside lower left")


def _draw_curve(axes: "Axes", rows: Sequence[BudgetRow]) -> None:
    """Up to the budget from which on the line has no more proposals."""
    known = list(_distinct(rows))
    budgets = [row.budget for row in known]
    shares = [row.precision.here for row in known]
    values, low, high = (
        [getattr(each, part) for each in shares] for part in ("value", "low", "high")
    )
    axes.fill_between(budgets, low, high, color=CURVE_COLOUR, alpha=0.15, linewidth=0)
    # A line of one proposal has no area, but its interval must be seen.
    axes.vlines(budgets, low, high, color=CURVE_COLOUR, alpha=0.35, linewidth=0.8)
    axes.plot(budgets, values, color=CURVE_COLOUR, marker="o", markersize=3)
    axes.axvline(CUT_BUDGET, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [f"{each:g}" for each in TICKS])
    axes.set_xticks([], minor=True)
    axes.set_xlim(CURVE[0], CURVE[-1])
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], [f"{step} %" for step in range(0, 101, 20)])
    axes.grid(axis="y", color=GRID)


def _distinct(rows: Sequence[BudgetRow]) -> Iterator[BudgetRow]:
    last = 0
    for row in rows:
        if row.proposals > last:
            yield row
        last = row.proposals
