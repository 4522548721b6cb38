"""Kernels without a way in from Python end the process if Python calls them; nothing does. Kernels
that count no uses would keep an array for good that a kernel gives them; none is given one."""

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
NO_ARRAY = {"tuple", "int", "bool", "float", "Word", "Tally", "Taken"}
KERNELS = ("njit", "inner", "making", "lean")
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


def test_kernels_that_count_no_uses_are_given_no_array() -> None:
    giving = {name for path in SOURCES for name in _giving(FILES[path])}

    given = {
        (path.name, kernel.name, name)
        for path in SOURCES
        for kernel in _decorated(FILES[path], {"inner", "lean"})
        for name in giving & set(_calls(kernel))
    }

    assert {"ascending", "_both", "scratch"} <= giving
    assert given == set()


def _giving(tree: ast.Module) -> Iterator[str]:
    """Kernels whose result is or holds an array."""
    for each in _decorated(tree, {"making", "njit(cache=True)"}):
        said = ast.walk(each.returns) if each.returns else ()
        if not {name.id for name in said if isinstance(name, ast.Name)} <= NO_ARRAY:
            yield each.name


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts[-3:])


def _inner(tree: ast.Module) -> Iterator[str]:
    return (each.name for each in _decorated(tree, {"inner", "making"}))


def _decorated(tree: ast.Module, decorators: set[str]) -> Iterator[ast.FunctionDef]:
    for each in tree.body:
        if isinstance(each, ast.FunctionDef) and decorators & set(
            map(ast.unparse, each.decorator_list)
        ):
            yield each


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
        if any(ast.unparse(one).startswith(KERNELS) for one in decorators):
            continue
        yield from _calls(each)


def _calls(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            yield ast.unparse(each.func)
