"""The comparison with the oracle notices when one thing in the engine is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models.mutants import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def differences() -> dict[str, list[str]]:
    """What differs from the oracle by mutant; "" is the untouched engine."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("mutants.py"))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


@pytest.mark.slow
def test_the_untouched_engine_differs_in_nothing(differences: dict[str, list[str]]) -> None:
    assert differences[""] == []


@pytest.mark.slow
@pytest.mark.parametrize("mutant", [*MUTANTS, "rounding"])
def test_a_mutant_is_caught(differences: dict[str, list[str]], mutant: str) -> None:
    assert differences[mutant]
