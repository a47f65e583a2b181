"""House rules that no linter checks. Each has a fault planted, to show that it can fail."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for folder in ("auditor", "attacks", "datasets", "reports")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
TESTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
}

MODULE_LINES, FUNCTION_LINES = 300, 50
RANDOMNESS = "auditor/explaudit/seeds.py"
BROAD_EXCEPT = ("auditor/explaudit/runner.py", "auditor/explaudit/cli/watched.py")
COMMAND_LINE = "auditor/explaudit/cli/"
# in parts, since this file is searched too
NOQA, TYPE_IGNORE = "# " + "noqa", "# " + "type: ignore"
# each takes long to import, so a command that does not need it should not wait for it
SLOW_TO_IMPORT = ("lime", "shap", "numba", "xgboost", "matplotlib", "typst")


def long_modules(name: str, text: str) -> list[str]:
    n_lines = len(text.splitlines())
    return [f"{name} has {n_lines} lines"] if n_lines > MODULE_LINES else []


def long_functions(name: str, text: str) -> list[str]:
    """Return the functions that are long without their docstrings."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        documented = ast.get_docstring(node, clean=False)
        docstring = len(documented.splitlines()) if documented else 0
        n_lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
        if n_lines > FUNCTION_LINES:
            found.append(f"{name}: {node.name} has {n_lines} lines")
    return found


def broad_excepts(name: str, text: str) -> list[str]:
    broad = ("Exception", "BaseException")
    return [
        f"{name}:{node.lineno}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and name not in BROAD_EXCEPT
        and (node.type is None or any(ast.unparse(part) in broad for part in ast.walk(node.type)))
    ]


def global_randomness(name: str, text: str) -> list[str]:
    """Return uses of a global generator that the linter was told to overlook, or cannot see."""
    if name == RANDOMNESS:
        return []
    silenced = [
        f"{name}: noqa" for line in text.splitlines() if f"{NOQA}:" in line and "NPY002" in line
    ]
    imports = [f"{name}: random" for module in imported(text) if module == "random"]
    return silenced + imports


def output_of_libraries(name: str, text: str) -> list[str]:
    """Return modules that could talk to the terminal, other than those of the command line."""
    if name.startswith(COMMAND_LINE):
        return []
    return [f"{name}: click" for module in imported(text) if module == "click"]


def imported(text: str) -> list[str]:
    """Return the top-level names of all modules that a text imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append(node.module.split(".")[0])
    return found


def unexplained_exceptions(name: str, text: str) -> list[str]:
    """Return checks that are switched off without saying which, or without saying why."""
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        _, marker, rest = line.partition(NOQA)
        # the one place that may touch the global generators says so in its docstring
        explained = re.match(r": [A-Z]+\d+(, [A-Z]+\d+)*\s+\W*\w", rest)
        if marker and not explained and not (name == RANDOMNESS and rest == ": NPY002"):
            found.append(f"{name}:{number}")
        _, marker, rest = line.partition(TYPE_IGNORE)
        if marker and not re.match(r"\[[a-z-]+(, ?[a-z-]+)*\]", rest):
            found.append(f"{name}:{number}")
    return found


Check = Callable[[str, str], list[str]]
LONG_FUNCTION = "def long():\n" + "    x = 1\n" * 50
LONG_DOCSTRING = 'def short():\n    """Say.\n' + "    more\n" * 60 + '    """\n    return 1\n'
PLANTED: list[tuple[Check, str, int]] = [
    (long_modules, "x = 1\n" * 300, 0),
    (long_modules, "x = 1\n" * 301, 1),
    (long_functions, LONG_FUNCTION, 1),
    (long_functions, f"class A:\n{LONG_FUNCTION.replace('def', ' def').replace('x', ' x')}", 1),
    (long_functions, LONG_DOCSTRING, 0),
    (broad_excepts, "try:\n    f()\nexcept Exception:\n    pass", 1),
    (broad_excepts, "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    pass", 1),
    (broad_excepts, "try:\n    f()\nexcept:\n    pass", 1),
    (broad_excepts, "try:\n    f()\nexcept (ValueError, KeyError):\n    pass", 0),
    (global_randomness, "import random", 1),
    (global_randomness, "from random import choice", 1),
    (global_randomness, f"np.random.seed(0)  {NOQA}: NPY002", 1),
    (global_randomness, "from numpy.random import Generator", 0),
    (output_of_libraries, "from click import echo", 1),
    (output_of_libraries, "from explaudit.click import echo", 0),
    (unexplained_exceptions, f"x = 1  {NOQA}", 1),
    (unexplained_exceptions, f"x = 1  {NOQA}: E741", 1),
    (unexplained_exceptions, f"x = 1  {NOQA}: E741, N806  # the paper's letter", 0),
    (unexplained_exceptions, f"x = 1  {NOQA}: E741  the paper's letter", 0),
    (unexplained_exceptions, f"x = 1  {TYPE_IGNORE}", 1),
    (unexplained_exceptions, f"x = 1  {TYPE_IGNORE}[arg-type]", 0),
]


@pytest.mark.parametrize(("check", "text", "n_faults"), PLANTED)
def test_each_check_sees_its_planted_fault(check: Check, text: str, n_faults: int) -> None:
    assert len(check("module.py", text)) == n_faults


CHECKS: list[Check] = [
    long_modules,
    long_functions,
    broad_excepts,
    global_randomness,
    output_of_libraries,
    unexplained_exceptions,
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_sources_keep_the_rules(check: Check) -> None:
    assert len(SOURCES) > 20
    assert [fault for name, text in SOURCES.items() for fault in check(name, text)] == []


@pytest.mark.parametrize("check", [long_functions, unexplained_exceptions])
def test_the_tests_keep_the_rules(check: Check) -> None:
    assert [fault for name, text in TESTS.items() for fault in check(name, text)] == []


IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def loaded_by_importing(*names: str) -> list[str]:
    command = [sys.executable, "-c", IMPORT_ALL, *names]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [slow for slow in SLOW_TO_IMPORT if slow in loaded]


def test_importing_any_module_loads_no_slow_library() -> None:
    packages = ("explaudit", "explaudit_attacks", "explaudit_datasets", "explaudit_reports")
    assert loaded_by_importing(*packages) == []
    assert loaded_by_importing("matplotlib.colors") == ["matplotlib"]
