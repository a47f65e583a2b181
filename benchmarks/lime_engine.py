"""Compare the LIME engine with the package lime: CPU time for the same explanations.

Run it with ``python benchmarks/lime_engine.py``. Both sides run in this process, by turns, on one
thread; figures are medians of five repeats. "limit" is what the model alone takes for the rows
that the engine sends it, which are distinct wherever a tenth or more of a batch would be repeats:
no engine that asks them can be faster. With ``--scale`` the engine alone explains tables of up to
100,000 rows instead, and tables of up to 102 columns.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import get_args

import click
import numpy as np
import numpy.typing as npt
from lime.lime_tabular import LimeTabularExplainer
from sklearn.ensemble import RandomForestRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from explaudit.engines.lime import (
    LimeResult,
    LimeSettings,
    Stream,
    TrainingTable,
    lime_tabular,
    prepare,
)
from measuring import Model, Side, Timed, by_turns

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One table, one model and one setting; each stream is compared with the same library."""

    name: str
    model: Model
    training: Array
    categorical: list[int]
    settings: LimeSettings
    n_library: int
    n_engine: int


def compas_like(n_rows: int, rng: np.random.Generator) -> Array:
    """Return 11 standardised columns shaped like COMPAS: 3 numeric and 8 of two levels."""
    stay = rng.geometric(0.05, n_rows) * (rng.random(n_rows) < 0.6)
    numbers = (rng.integers(18, 70, n_rows), rng.poisson(3.0, n_rows), stay)
    table = np.column_stack([*numbers, rng.random((n_rows, 8)) < 0.4]).astype(np.float64)
    return np.asarray((table - table.mean(axis=0)) / table.std(axis=0))


def communities_like(n_rows: int, rng: np.random.Generator) -> Array:
    """Return 102 columns, as many as Communities and Crime has: 100 numeric and 2 of two levels."""
    return np.column_stack([rng.normal(size=(n_rows, 100)), rng.integers(0, 2, (n_rows, 2))])


def rule(matrix: Array) -> Array:
    """One column decides: the cheapest model there is."""
    return (matrix[:, 8] > 0).astype(np.float64)


def graded(matrix: Array) -> Array:
    """Score several columns, with an interaction."""
    return np.asarray(0.3 * matrix[:, 0] + matrix[:, 8] * (matrix[:, 1] > 0) - 0.2 * matrix[:, 2])


def forest(table: Array) -> Model:
    """Return a model that takes its time, as real ones do."""
    grown = RandomForestRegressor(50, max_depth=8, random_state=0).fit(table, graded(table))
    model: Model = grown.predict
    return model


def cases() -> list[Case]:
    """Return all comparisons."""
    rng = np.random.default_rng(0)
    compas, wide = compas_like(5554, rng), communities_like(1794, rng)
    flags, coins = list(range(3, 11)), [100, 101]
    published = LimeSettings(discretize_continuous=False)
    around = LimeSettings(discretize_continuous=False, sample_around_instance=True)
    few = LimeSettings(discretize_continuous=False, num_features=5)
    path = LimeSettings(discretize_continuous=False, feature_selection="lasso_path")
    cut = LimeSettings()
    return [
        Case("11 columns, rule", rule, compas, flags, published, 10, 60),
        Case("11 columns, rule, around the row", rule, compas, flags, around, 10, 60),
        Case("11 columns, graded, forward selection", graded, compas, flags, few, 3, 30),
        Case("11 columns, graded, lasso path", graded, compas, flags, path, 5, 30),
        Case("11 columns, graded, quartiles", graded, compas, flags, cut, 10, 60),
        Case("11 columns, forest", forest(compas), compas, flags, published, 3, 10),
        Case("102 columns, rule", rule, wide, coins, published, 5, 20),
        Case("102 columns, graded, lasso path", graded, wide, coins, path, 2, 6),
        Case("102 columns, graded, quartiles", graded, wide, coins, cut, 3, 10),
    ]


def library(explainer: LimeTabularExplainer, model: Model, rows: Array, case: Case) -> Array:
    """Explain by lime, its generators set back to the row's position."""
    values = np.zeros(rows.shape)
    for position, row in enumerate(rows):
        state = np.random.RandomState(position)
        explainer.random_state = explainer.base.random_state = state
        if explainer.discretizer is not None:
            explainer.discretizer.random_state = state
        count, samples = case.settings.num_features, case.settings.num_samples
        shown = explainer.explain_instance(row, model, num_features=count, num_samples=samples)
        for feature, weight in shown.local_exp[1]:
            values[position, feature] = weight
    return values


def engine(model: Model, table: TrainingTable, case: Case, stream: Stream) -> LimeResult:
    """Explain by the engine, with the seeds of the library."""
    rows = case.training[: case.n_engine]
    seeds = 0 if stream == "shared" else range(len(rows))
    return lime_tabular(model, rows, table, case.settings, stream=stream, seeds=seeds)


def compare(case: Case, stream: Stream) -> tuple[Side, Side, LimeResult, float]:
    """Time both sides by turns; also return the engine's result and the largest deviation."""
    theirs, ours = Timed(case.model), Timed(case.model)
    explainer = LimeTabularExplainer(
        case.training,
        mode="regression",
        categorical_features=case.categorical,
        feature_selection=case.settings.feature_selection,
        discretize_continuous=case.settings.discretize_continuous,
        sample_around_instance=case.settings.sample_around_instance,
        random_state=0,
    )
    table = prepare(case.training, case.categorical, case.settings)
    few = case.training[: case.n_library]
    result = engine(ours, table, case, stream)
    expected = library(explainer, theirs, few, case)
    sides = by_turns(
        [
            (lambda: library(explainer, theirs, few, case), theirs, len(few)),
            (lambda: engine(ours, table, case, stream), ours, case.n_engine),
        ]
    )
    deviation = float(np.abs(result.values[: len(few)] - expected).max())
    return sides[0], sides[1], result, deviation


def explain_many(n_rows: int, num_samples: int, stream: Stream) -> tuple[float, float, float]:
    """Explain many rows; return ms for each, the process' peak memory and the values' MB."""
    table = compas_like(5554, np.random.default_rng(1))
    rows = np.resize(table, (n_rows, table.shape[1]))
    settings = LimeSettings(discretize_continuous=False, num_samples=num_samples)
    prepared = prepare(table, list(range(3, 11)), settings)
    with threadpool_limits(1):
        start = time.process_time()
        result = lime_tabular(graded, rows, prepared, settings, stream=stream)
        milliseconds = (time.process_time() - start) * 1e3 / n_rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return milliseconds, peak, result.values.nbytes / 2**20


def many_rows() -> None:
    """Show that time for each row, and memory but for the results, stay flat."""
    click.echo(
        f"{'stream':<8} {'samples':>8} {'rows':>8} {'ms/row':>8} {'peak MB':>8} "
        f"{'of it values':>13}"
    )
    sizes = [(200, 1_000), (200, 10_000), (200, 100_000), (5_000, 1_000), (5_000, 10_000)]
    spawn = multiprocessing.get_context("spawn")
    for stream in get_args(Stream):
        for num_samples, n_rows in sizes:
            # each in a process of its own, since a peak never goes down
            with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                found = pool.submit(explain_many, n_rows, num_samples, stream).result()
            milliseconds, peak, values = found
            click.echo(
                f"{stream:<8} {num_samples:>8} {n_rows:>8} {milliseconds:>8.3f} {peak:>8.0f} "
                f"{values:>13.1f}"
            )


def many_columns() -> None:
    """Show what a number takes: a perturbed row's in one column."""
    click.echo(f"\n{'columns':>8} {'samples':>8} {'ms/row':>8} {'ns/number':>10}")
    table = communities_like(1794, np.random.default_rng(1))
    for n_columns in (12, 25, 51, 102):
        part = table[:, -n_columns:]
        for num_samples in (500, 5_000, 20_000):
            settings = LimeSettings(False, num_samples=num_samples)
            prepared = prepare(part, [n_columns - 2, n_columns - 1], settings)
            n_rows = 200_000 // num_samples
            start = time.process_time()
            lime_tabular(coin, part[:n_rows], prepared, settings)
            seconds = (time.process_time() - start) / n_rows
            numbers = n_columns * num_samples
            click.echo(
                f"{n_columns:>8} {num_samples:>8} {seconds * 1e3:>8.3f} "
                f"{seconds * 1e9 / numbers:>10.1f}"
            )


def coin(matrix: Array) -> Array:
    """Return the last column: a model of any number of columns."""
    return matrix[:, -1]


def line(case: Case, stream: Stream) -> str:
    """Compare both sides; return a line of the table."""
    theirs, ours, result, deviation = compare(case, stream)
    return (
        f"{case.name:<38} {stream:<8} "
        f"{theirs.milliseconds:>8.2f} {theirs.model_share:>6.0%} "
        f"{ours.milliseconds:>8.3f} {ours.model_share:>6.0%} "
        f"{ours.milliseconds * ours.model_share:>8.3f} "
        f"{theirs.milliseconds / ours.milliseconds:>5.1f}x "
        f"{result.rows_sent / result.rows_asked:>6.0%} "
        f"{result.refitted.mean():>8.0%} "
        f"{format(deviation, '9.0e') if stream == 'library' else 'sampled':>9}"
    )


@click.command()
@click.option("--only", default="", help="Only cases whose name contains this.")
@click.option("--scale", is_flag=True, help="Instead, explain up to 100,000 rows by the engine.")
def main(only: str, scale: bool) -> None:
    """Print a table of both sides."""
    if scale:
        many_rows()
        with threadpool_limits(1):
            many_columns()
        return
    click.echo(
        f"{'case':<38} {'stream':<8} {'lime ms':>8} {'model':>6} {'ours ms':>8} {'model':>6} "
        f"{'limit ms':>8} {'ratio':>6} {'sent':>6} {'refitted':>8} {'deviation':>9}"
    )
    with threadpool_limits(1):
        for case in (case for case in cases() if only in case.name):
            for stream in get_args(Stream):
                if stream != "shared" or not case.settings.sample_around_instance:
                    click.echo(line(case, stream))


if __name__ == "__main__":
    main()
