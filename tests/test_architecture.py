"""The tree keeps its promises: who may import whom, who reads the environment, what a package shows."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "avatar": {"avatar"},
    "dialogue": {"dialogue", "knowledge"},
    "stream": {"stream", "dialogue", "avatar", "knowledge"},
}
FILES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))
REACH_INSIDE = {
    "stream/cli.py": "mounts every package's commands",
    "stream/backup/transfer.py": "copies every package's tables",
}
VAGUE = {"utils", "common", "core", "helpers", "manager"}


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_stands_lower(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in _imports(ast.parse(path.read_text("utf-8")))
        if _package(name) in MAY_IMPORT and _package(name) not in MAY_IMPORT[package]
    ]
    assert wrong == []


def test_a_package_is_imported_through_what_it_shows() -> None:
    """What is taken from another package stands in the `__all__` of that package or of one of its folders."""
    assert [
        f"{path.relative_to(ROOT)} takes {alias.name} out of {node.module}"
        for path in FILES
        if str(path.relative_to(ROOT)) not in REACH_INSIDE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        if _package(node.module) in MAY_IMPORT and _package(node.module) != path.relative_to(ROOT).parts[0]
        for alias in node.names
        if alias.name not in getattr(importlib.import_module(node.module), "__all__", ())
    ] == []


def _package(module: str) -> str:
    return module.split(".")[0]


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    modules = {_module(path): path for path in FILES if path.name != "__init__.py"}
    edges = {
        name: {
            target for target in _imports(ast.parse(path.read_text("utf-8"))) if target in modules and target != name
        }
        for name, path in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name in done:
            return
        for target in edges[name]:
            visit(target, (*way, name))
        done.add(name)

    for name in modules:
        visit(name, ())


def test_folders_do_not_import_each_other() -> None:
    """Two folders that need each other are one folder, or one of their files lies in the wrong one."""

    def folder(module: str) -> str:
        top = module.split(".")[:2]
        return ".".join(top) if ROOT.joinpath(*top).is_dir() else module

    needs: dict[str, set[str]] = {}
    for path in FILES:
        if path.name != "__init__.py":
            names = _imports(ast.parse(path.read_text("utf-8")))
            needs.setdefault(folder(_module(path)), set()).update(folder(name) for name in names if "." in name)
    assert [(one, other) for one in needs for other in needs[one] if one < other and one in needs.get(other, ())] == []


def test_only_the_settings_read_the_environment() -> None:
    def reads(tree: ast.AST) -> bool:
        # What is only told to a library (`os.environ.setdefault`) is not read.
        told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "setdefault"}
        return any(
            isinstance(node, ast.Attribute)
            and node not in told
            and node.attr in {"environ", "getenv"}
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            for node in ast.walk(tree)
        )

    readers = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.name != "settings.py" and reads(ast.parse(path.read_text("utf-8")))
    ]
    assert readers == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_what_a_package_shows_is_sorted_and_exists(package: str) -> None:
    module = importlib.import_module(package)
    shown = list(module.__all__)
    # Constants first, then classes, then functions: the order ruff's RUF022 keeps.
    assert len(shown) == len(set(shown))
    assert all(hasattr(module, name) for name in shown)


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in FILES if {path.stem, path.parent.name} & VAGUE] == []


def test_no_exception_is_swallowed_in_silence() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
    ]
    assert silent == []
