"""Pages that are generated, and the walk-through that must work as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from detectors import typologies
from detectors.catalogue import load_typologies
from detectors.lint import faults
from detectors.page import catalogue_page

ROOT = Path(__file__).parents[2]


def _block(page: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_catalogue_page_is_current() -> None:
    page = (ROOT / "detectors" / "CATALOGUE.md").read_text("utf-8")

    assert page == catalogue_page(load_typologies()), "run `make catalogue`"


def test_the_typology_of_the_walk_through_works_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Any, judged: Any, ruled: Any
) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    module = tmp_path / "st_weekly_pipe.py"
    module.write_text(_block(page, "module: st_weekly_pipe"), "utf-8")
    monkeypatch.setattr(typologies, "__path__", [*typologies.__path__, str(tmp_path)])

    cases = told("st_weekly_pipe", _block(page, "cases: st_weekly_pipe"))
    verdicts = [ruled(case, judged(case))[0] for case in cases]

    assert faults(load_typologies()) == []
    assert verdicts == [case.expects for case in cases] == ["fires", "silent", "silent"]
