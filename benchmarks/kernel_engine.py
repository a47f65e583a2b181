"""Compare the KernelSHAP engine with the package shap: CPU time for the same explanations.

Run it with ``python benchmarks/kernel_engine.py``. Both sides run in this process, by turns, on
one thread; figures are medians of five repeats. Add ``--scale`` for tables of up to 100,000 rows.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import shap
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from explaudit.engines.kernel import KernelResult, kernel_shap
from measuring import Model, Side, Timed, by_turns

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One comparison: the same rows, background and selection on both sides."""

    name: str
    model: Model
    rows: Array
    summary: Any
    n_library: int
    library: dict[str, Any] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)


def integer_table(n_rows: int, rng: np.random.Generator) -> Array:
    """Return 11 columns of whole numbers shaped like COMPAS: ages, counts, days, and flags."""
    flags = rng.integers(0, 2, (n_rows, 7))
    stay = rng.geometric(0.05, n_rows) * (rng.random(n_rows) < 0.6)
    numbers = (rng.integers(18, 70, n_rows), rng.poisson(3.0, n_rows), stay)
    degree = rng.integers(0, 2, n_rows)
    return np.column_stack([*numbers, degree, flags]).astype(np.float64)


def continuous_table(n_rows: int, rng: np.random.Generator) -> Array:
    """Return 102 continuous columns, as many as Communities and Crime has."""
    return rng.normal(size=(n_rows, 102))


def rule(matrix: Array) -> Array:
    """One column decides: the cheapest model there is."""
    return (matrix[:, 8] > 0.5).astype(np.float64)


def graded(matrix: Array) -> Array:
    """Score several columns, with an interaction."""
    return np.asarray(0.02 * matrix[:, 0] + matrix[:, 8] * (matrix[:, 1] > 3) - 0.1 * matrix[:, 2])


def cases(n_rows: int) -> list[Case]:
    """Return all comparisons."""
    rng = np.random.default_rng(0)
    whole, continuous = integer_table(2000, rng), continuous_table(500, rng)
    summary, wide_summary = shap.kmeans(whole, 10), shap.kmeans(continuous, 10)
    rows, wide_rows = whole[:n_rows], continuous[: max(4, n_rows // 10)]
    default: dict[str, Any] = {"l1_reg": "num_features(10)"}
    plain: dict[str, Any] = {"l1_reg": False}
    found: list[Case] = []
    variants: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        (", no tables", {"exact": False}),
        (", every row sent", {"deduplicate": False}),
    ]
    for model in (rule, graded):
        for label, l1 in (("default selection", default), ("no selection", plain)):
            for variant, engine in variants:
                name = f"11 whole, {model.__name__}, {label}{variant}"
                found.append(Case(name, model, rows, summary, 10, l1, l1 | engine))
    for label, l1 in (("default selection", default), ("no selection", plain)):
        for mode in ("library_law", "shared"):
            name = f"102 continuous, rule, {label}, {mode}"
            engine = l1 | {"mode": mode}
            found.append(Case(name, rule, wide_rows, wide_summary, 3, l1, engine))
    return found


def compare(case: Case) -> tuple[Side, Side, KernelResult, float]:
    """Time both sides by turns; also return the engine's result and the largest deviation."""
    theirs, ours = Timed(case.model), Timed(case.model)
    explainer = shap.KernelExplainer(theirs, case.summary)
    few = case.rows[: case.n_library]

    def library() -> Array:
        values: Array = explainer.shap_values(few, silent=True, **case.library)
        return values

    def engine() -> KernelResult:
        summary = case.summary
        return kernel_shap(ours, case.rows, summary.data, summary.weights, **case.engine)

    result, deviation = engine(), float(np.abs(engine().values[: len(few)] - library()).max())
    sides = by_turns([(library, theirs, len(few)), (engine, ours, len(case.rows))])
    return sides[0], sides[1], result, deviation


def scale() -> None:
    """Show that time for each row and memory stay flat from 1,000 to 100,000 rows."""
    rng = np.random.default_rng(1)
    background = shap.kmeans(integer_table(2000, rng), 10)
    click.echo(f"\n{'rows':>8} {'ms/row':>8} {'peak MB':>8} {'of it values':>13}")
    for n_rows in (1_000, 10_000, 100_000):
        rows = integer_table(n_rows, rng)
        start = time.process_time()
        result = kernel_shap(graded, rows, background.data, background.weights)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        click.echo(
            f"{n_rows:>8} {seconds * 1e3 / n_rows:>8.3f} {peak:>8.0f} "
            f"{result.values.nbytes / 2**20:>13.1f}"
        )


@click.command()
@click.option("--rows", default=60, show_default=True, help="Rows that the engine explains.")
@click.option("--scale", "with_scale", is_flag=True, help="Also time up to 100,000 rows.")
def main(rows: int, with_scale: bool) -> None:
    """Print a table of both sides."""
    click.echo(
        f"{'case':<58} {'shap ms':>8} {'model':>6} {'ours ms':>8} {'model':>6} {'ratio':>6} "
        f"{'sent':>6} {'deviation':>9}"
    )
    with threadpool_limits(1):
        for case in cases(rows):
            theirs, ours, result, deviation = compare(case)
            sampled = "sampled" in result.methods
            click.echo(
                f"{case.name:<58} {theirs.milliseconds:>8.2f} {theirs.model_share:>6.0%} "
                f"{ours.milliseconds:>8.3f} {ours.model_share:>6.0%} "
                f"{theirs.milliseconds / ours.milliseconds:>5.1f}x "
                f"{result.rows_sent / result.rows_asked:>6.0%} "
                f"{'sampled' if sampled else format(deviation, '9.0e'):>9}"
            )
        if with_scale:
            scale()


if __name__ == "__main__":
    main()
