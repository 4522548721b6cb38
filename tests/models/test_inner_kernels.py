"""Kernels without a way in from Python end the process if Python calls them; nothing does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import ingest
import models

SOURCES = [
    path
    for root in (Path(ingest.__file__ or "").parent, Path(models.__file__ or "").parent)
    for path in root.rglob("*.py")
]
FILES = {
    path: ast.parse(path.read_text())
    for path in (*SOURCES, *Path(__file__).parents[1].rglob("*.py"))
}


def test_only_kernels_call_kernels_without_a_way_in_from_python() -> None:
    inner = {(_module(path), name) for path in SOURCES for name in _inner(FILES[path])}

    called = {
        (path.name, name)
        for path, tree in FILES.items()
        for name in _known(path, tree, inner) & set(_called_by_python(tree))
    }

    assert ("ingest.kernels.cells", "is_word") in inner
    assert called == set()


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts[-3:])


def _inner(tree: ast.Module) -> Iterator[str]:
    for each in tree.body:
        if isinstance(each, ast.FunctionDef) and "inner" in map(ast.unparse, each.decorator_list):
            yield each.name


def _known(path: Path, tree: ast.Module, inner: set[tuple[str, str]]) -> set[str]:
    """Names by which a file can call inner kernels: its own and those it imports."""
    imported = {
        alias.asname or alias.name
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
        if (each.module, alias.name) in inner
    }
    return imported | {name for module, name in inner if module == _module(path)}


def _called_by_python(tree: ast.Module) -> Iterator[str]:
    for each in tree.body:
        decorators = each.decorator_list if isinstance(each, ast.FunctionDef) else []
        if any(ast.unparse(one).startswith(("njit", "inner")) for one in decorators):
            continue
        for node in ast.walk(each):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func)
