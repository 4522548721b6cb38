import os
from pathlib import Path

import pytest

from palermo.errors import DependencyUnreachable, UsageError
from palermo.folder import append_whole, claim_folder, cut_to, said_plainly, write_whole


def quiet(stage: str) -> None:
    """Listens to nothing."""


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    tmp_path.chmod(0o755)

    with pytest.raises(UsageError, match="holds other files"):
        claim_folder(tmp_path)

    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_claimed_folder_is_private(tmp_path: Path) -> None:
    claim_folder(tmp_path / "out")

    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")

    with pytest.raises(DependencyUnreachable, match="is not a folder"):
        claim_folder(tmp_path / "out")


def test_a_write_that_dies_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_whole(path, b"old", quiet)

    def die(stage: str) -> None:
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new", die)

    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    with pytest.raises(DependencyUnreachable, match="disk is full"), said_plainly(tmp_path):
        _write_to_full(tmp_path)

    assert not list(tmp_path.iterdir())


def test_what_was_appended_after_a_checkpoint_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rejects.ndjson"
    kept = append_whole(path, b"one\n")
    append_whole(path, b"two\n")

    cut_to(path, kept)

    assert path.read_bytes() == b"one\n"
    assert append_whole(path, b"three\n") == len(b"one\nthree\n")


def _write_to_full(folder: Path) -> None:
    os.symlink("/dev/full", folder / "summary.json.part")
    write_whole(folder / "summary.json", b"x", quiet)
