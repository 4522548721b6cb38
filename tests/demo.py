"""The demo's feed, as tests need it."""

import shutil
from pathlib import Path


def copied_demo(demo: Path, folder: Path) -> Path:
    """A copy that is said to have no texts: a file shows that it has none, while a topic and
    standard input, which are read only once, are taken at their word."""
    shutil.copytree(demo, folder)
    config = folder / "palermo.toml"
    config.write_text(config.read_text().replace("[feed]\n", '[feed]\nwithout = ["text"]\n', 1))
    return folder
