"""Compare the LIME engine with the package lime: CPU time for the same explanations.

Run it with ``python benchmarks/lime_engine.py``. Both sides run in this process, by turns, on one
thread; figures are medians of five repeats. Add ``--scale`` for tables of up to 10,000 rows.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from typing import get_args

import click
import numpy as np
import numpy.typing as npt
from lime.lime_tabular import LimeTabularExplainer
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


def scale() -> None:
    """Show that time for each row and memory stay flat."""
    rng, settings = np.random.default_rng(1), LimeSettings(discretize_continuous=False)
    pool = compas_like(10_000, rng)
    table = prepare(pool[:5554], list(range(3, 11)), settings)
    click.echo(f"\n{'rows':>8} {'ms/row':>8} {'peak MB':>8} {'of it values':>13}")
    for n_rows in (100, 1_000, 10_000):
        start = time.process_time()
        result = lime_tabular(graded, pool[:n_rows], table, settings)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        click.echo(
            f"{n_rows:>8} {seconds * 1e3 / n_rows:>8.3f} {peak:>8.0f} "
            f"{result.values.nbytes / 2**20:>13.1f}"
        )


@click.command()
@click.option("--only", default="", help="Only cases whose name contains this.")
@click.option("--scale", "with_scale", is_flag=True, help="Also time up to 10,000 rows.")
def main(only: str, with_scale: bool) -> None:
    """Print a table of both sides."""
    click.echo(
        f"{'case':<38} {'stream':<8} {'lime ms':>8} {'model':>6} {'ours ms':>8} {'model':>6} "
        f"{'ratio':>6} {'sent':>6} {'refitted':>8} {'deviation':>9}"
    )
    with threadpool_limits(1):
        for case in (case for case in cases() if only in case.name):
            for stream in get_args(Stream):
                if stream == "shared" and case.settings.sample_around_instance:
                    continue
                theirs, ours, result, deviation = compare(case, stream)
                click.echo(
                    f"{case.name:<38} {stream:<8} "
                    f"{theirs.milliseconds:>8.2f} {theirs.model_share:>6.0%} "
                    f"{ours.milliseconds:>8.3f} {ours.model_share:>6.0%} "
                    f"{theirs.milliseconds / ours.milliseconds:>5.1f}x "
                    f"{result.rows_sent / result.rows_asked:>6.0%} "
                    f"{result.refitted.mean():>8.0%} "
                    f"{format(deviation, '9.0e') if stream == 'library' else 'sampled':>9}"
                )
        if with_scale:
            scale()


if __name__ == "__main__":
    main()
