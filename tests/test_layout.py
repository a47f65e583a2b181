"""The repository's arrangement: rules that nothing else would notice being broken."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE_ROOTS = ("auditor", "attacks", "datasets", "reports")
FOLDERS = (*SOURCE_ROOTS, "notebooks", "tests")
PACKAGES = ("explaudit", "explaudit_attacks", "explaudit_datasets", "explaudit_reports")
MEGABYTE = 1_000_000
# path -> why a file over one megabyte has to be in the repository
LARGE_FILES: dict[str, str] = {
    "reports/gameability/records.jsonl.xz": "lets readers check the leaderboard without a run",
    "reports/gameability/report.html": "the leaderboard as readers see it, complete in one page",
}


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def repository_files() -> list[str]:
    """Return what git tracks or would track, so that a fault shows before it is committed."""
    # the checkout may belong to another user than the one who tests it
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listing.split("\0") if name and (ROOT / name).is_file())


def stray_inits(root: Path) -> list[str]:
    return [folder for folder in FOLDERS if (root / folder / "__init__.py").exists()]


def test_top_level_folders_are_no_packages(tmp_path: Path) -> None:
    """A package called ``datasets`` would overwrite another distribution's of that name."""
    assert all((ROOT / folder).is_dir() for folder in FOLDERS)
    assert stray_inits(ROOT) == []
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").touch()
    assert stray_inits(tmp_path) == ["datasets"]


def test_the_root_is_not_on_the_import_path() -> None:
    """With the root on the path, ``import datasets`` would find the folder."""
    options = pyproject()["tool"]["pytest"]["ini_options"]
    assert options.get("pythonpath", []) == []
    assert "--import-mode=importlib" in options["addopts"]
    assert not (ROOT / "conftest.py").exists()


def test_the_wheel_holds_the_four_packages() -> None:
    listed = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert listed == [
        f"{folder}/{package}" for folder, package in zip(SOURCE_ROOTS, PACKAGES, strict=True)
    ]


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_are_typed_and_say_what_is_public(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    assert (folder / "py.typed").is_file()
    assert (folder.parent.parent, folder.parent.name) == (
        ROOT,
        SOURCE_ROOTS[PACKAGES.index(name)],
    )
    assert [public for public in package.__all__ if not hasattr(package, public)] == []
    assert package.__all__ == sorted(set(package.__all__)) != []


def test_every_entry_point_leads_somewhere() -> None:
    declared = pyproject()["project"]["entry-points"]
    for group, table in declared.items():
        installed = {entry.name: entry for entry in entry_points(group=group)}
        for name, target in table.items():
            assert installed[name].value == target, "install the project again"
            assert callable(installed[name].load())


def requirement_faults(text: str) -> list[str]:
    """Return the requirements without an exact version or a hash, and everything with a URL."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n?", "", text, flags=re.MULTILINE)).splitlines()
    sound = re.compile(r"[\w.-]+==[\w.!+]+( ;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    return [line.split("--hash")[0].strip() for line in lines if not sound.fullmatch(line)] + [
        line.strip() for line in text.splitlines() if "://" in line
    ]


def test_requirements_are_pinned_hashed_and_name_no_index() -> None:
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    assert requirement_faults(text) == []
    a_hash = "--hash=sha256:" + "0" * 64
    assert requirement_faults(f"a==1.0 ; python_version < '3.12' \\\n    {a_hash}\n# x\n") == []
    assert requirement_faults(f"a==1 \\\n {a_hash}\nb==2\n") == ["b==2"]
    assert requirement_faults(f"a>=1 {a_hash}\n") == ["a>=1"]
    index = "--index-url https://example.org/simple"
    assert requirement_faults(f"{index}\na==1 {a_hash}\n") == [index, index]


def test_requirements_cover_what_the_project_asks_for() -> None:
    project = pyproject()["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=!~;\s]", line)[0].lower() for line in asked}
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    assert names <= {line.split("==")[0] for line in text.splitlines()}, "run `make lock`"


def test_large_files_are_few_and_have_a_reason() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in repository_files()}
    assert {name for name, size in sizes.items() if size > MEGABYTE} == set(LARGE_FILES)
    assert all(len(reason) > 20 for reason in LARGE_FILES.values())
    packaged = tuple(f"{folder}/explaudit" for folder in SOURCE_ROOTS)
    assert sum(size for name, size in sizes.items() if name.startswith(packaged)) < 5 * MEGABYTE


PLACES = {
    "path of one machine": re.compile(
        r"(?<![\w.~-])/(?:home|root|work|Users|opt|mnt)/\w|[A-Z]:\\Users"
    ),
    "host of a registry": re.compile(r"python[h]osted\.org|\b[p]ypi\.org"),
}


def places(text: str) -> list[str]:
    return [kind for kind, pattern in PLACES.items() if pattern.search(text)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    offenders = {}
    for name in repository_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content and (found := places(content.decode("utf-8", "replace"))):
            offenders[name] = found
    assert offenders == {}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("see /ho", "me/ann/data.csv"), ["path of one machine"]),
        (('"/ro', 'ot/x"'), ["path of one machine"]),
        (("C:\\", "Users\\ann"), ["path of one machine"]),
        (("https://files.python", "hosted.org/a"), ["host of a registry"]),
        (("https://pypi", ".org/simple"), ["host of a registry"]),
        (("https://example.org/ho", "me/page, the route of ", "study/work/cells"), []),
        (("https://doi.org/10.1145/3375627.3375830", " and out/study"), []),
    ],
)
def test_machines_and_registries_are_recognised(
    parts: tuple[str, ...], expected: list[str]
) -> None:
    # in parts, since this file is searched too
    assert places("".join(parts)) == expected


@pytest.mark.slow
def test_the_built_wheel_is_small_and_complete(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path)]
    subprocess.run([*command, str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 5 * MEGABYTE
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    in_repository = {
        name.split("/", 1)[1]
        for name in repository_files()
        if name.startswith(tuple(f"{folder}/explaudit" for folder in SOURCE_ROOTS))
    }
    assert in_repository <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
