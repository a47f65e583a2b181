"""Compare the KernelSHAP engine with the package shap: CPU time for the same explanations.

Run it with ``python benchmarks/kernel_engine.py``. Both sides run in this process, by turns, on
one thread; figures are medians of five repeats. Add ``--scale`` for tables of up to 100,000 rows.

All times are milliseconds for each explained row. "limit" is what the model itself takes to answer
each distinct row that KernelSHAP asks for once, in a single call: no engine that asks the same can
be faster. "distance" is how many times the limit the engine takes: near 1 for a model that costs
something, large for one that costs nothing.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import shap
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from explaudit.engines.kernel import KernelResult, kernel_shap
from explaudit.engines.kernel.distinct import distinct_rows
from measuring import Model, Side, Timed, by_turns

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One comparison: the same rows, background and selection on both sides."""

    name: str
    variant: str
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


def network(matrix: Array) -> Array:
    """Score by a small neural network: a model that costs something."""
    weights = np.random.default_rng(3).normal(size=(matrix.shape[1], 32)) / matrix.shape[1]
    return np.asarray(np.tanh(matrix @ weights).mean(axis=1))


DEFAULT: dict[str, Any] = {"l1_reg": "num_features(10)"}
PLAIN: dict[str, Any] = {"l1_reg": False}
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "no tables": {"exact": False},
    "every row sent": {"deduplicate": False},
}
MODES: dict[str, dict[str, Any]] = {mode: {"mode": mode} for mode in ("library_law", "shared")}


def cases(n_rows: int) -> list[Case]:
    """Return all comparisons: few columns with all variants, and many columns in both modes."""
    rng = np.random.default_rng(0)
    whole, continuous = integer_table(2000, rng), continuous_table(500, rng)
    narrow = (whole[:n_rows], shap.kmeans(whole, 10), 10)
    wide = (continuous[: max(4, n_rows // 10)], shap.kmeans(continuous, 10), 3)
    blocks: list[tuple[str, tuple[Array, Any, int], list[Model], dict[str, dict[str, Any]]]] = [
        ("11 whole", narrow, [rule, graded], VARIANTS),
        ("11 whole", narrow, [network], {"": {}}),
        ("102 continuous", wide, [rule, network], MODES),
    ]
    return [
        Case(f"{name}, {model.__name__}, {label}", variant, model, *data, l1, l1 | engine)
        for name, data, models, variants in blocks
        for model in models
        for label, l1 in (("selection", DEFAULT), ("all", PLAIN))
        for variant, engine in variants.items()
    ]


@dataclass(frozen=True)
class Comparison:
    """Both sides, the model by itself, what the engine returned, and the largest deviation."""

    theirs: Side
    ours: Side
    limit: Side
    result: KernelResult
    deviation: float

    def line(self, case: Case) -> str:
        """Return one line of the table."""
        theirs, ours, limit = (s.milliseconds for s in (self.theirs, self.ours, self.limit))
        is_sampled = "sampled" in self.result.methods
        deviation = "sampled" if is_sampled else format(self.deviation, ".0e")
        return (
            f"{case.name:<34} {case.variant:<14} {theirs:>8.2f} {ours:>8.3f} "
            f"{theirs / ours:>5.1f}x {self.result.rows_sent / self.result.rows_asked:>5.0%} "
            f"{limit:>8.3f} {ours / limit:>7.1f}x {deviation:>9}"
        )


HEADER = (
    f"{'table, model, features':<34} {'engine':<14} {'shap ms':>8} {'ours ms':>8} {'ratio':>6} "
    f"{'sent':>5} {'limit ms':>8} {'distance':>8} {'deviation':>9}"
)


def distinct_asked(case: Case) -> Array:
    """Return each distinct row that KernelSHAP asks for to explain the case's rows."""
    asked: list[Array] = []

    def recording(matrix: Array) -> Array:
        asked.append(matrix.copy())
        return case.model(matrix)

    engine = case.engine | {"exact": False, "deduplicate": True}
    kernel_shap(recording, case.rows, case.summary.data, case.summary.weights, **engine)
    rows = np.concatenate(asked)
    return rows[distinct_rows(rows.view(np.uint64))[0]]


def compare(case: Case) -> Comparison:
    """Time both sides, and the model by itself, by turns."""
    theirs, ours, alone = Timed(case.model), Timed(case.model), Timed(case.model)
    explainer = shap.KernelExplainer(theirs, case.summary)
    few, asked = case.rows[: case.n_library], distinct_asked(case)

    def library() -> Array:
        values: Array = explainer.shap_values(few, silent=True, **case.library)
        return values

    def engine() -> KernelResult:
        summary = case.summary
        return kernel_shap(ours, case.rows, summary.data, summary.weights, **case.engine)

    result, n_rows = engine(), len(case.rows)
    deviation = float(np.abs(engine().values[: len(few)] - library()).max())
    runs = (
        (library, theirs, len(few)),
        (engine, ours, n_rows),
        (lambda: alone(asked), alone, n_rows),
    )
    shap_side, own_side, limit = by_turns(runs)
    return Comparison(shap_side, own_side, limit, result, deviation)


@dataclass(frozen=True)
class Scale:
    """A kind of table that is explained in growing sizes."""

    draw: Callable[[int, np.random.Generator], Array]
    model: Model
    engine: dict[str, Any]
    sizes: tuple[int, ...]


SCALES = {
    "11 whole, all coalitions": Scale(integer_table, graded, {}, (1_000, 10_000, 100_000)),
    "102 continuous, 256 shared": Scale(
        continuous_table, rule, {"mode": "shared", "nsamples": 256}, (1_000, 10_000)
    ),
}


def scaled(name: str, n_rows: int) -> str:
    """Explain a large table in a process of its own, whose memory is then the engine's."""
    kind, rng = SCALES[name], np.random.default_rng(1)
    background, rows = shap.kmeans(kind.draw(2000, rng), 10), kind.draw(n_rows, rng)
    before, start = peak_megabytes(), time.process_time()
    with threadpool_limits(1):
        result = kernel_shap(kind.model, rows, background.data, background.weights, **kind.engine)
    seconds = time.process_time() - start
    return (
        f"{name:<34} {n_rows:>8} {seconds * 1e3 / n_rows:>8.3f} "
        f"{peak_megabytes() - before:>10.0f} {result.values.nbytes / 2**20:>10.1f}"
    )


def peak_megabytes() -> float:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scale() -> None:
    """Show that time for each row and memory stay flat, from 1,000 rows on."""
    click.echo(f"\n{'table':<34} {'rows':>8} {'ms/row':>8} {'added MB':>10} {'values MB':>10}")
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        for name, kind in SCALES.items():
            for n_rows in kind.sizes:
                click.echo(fresh.submit(scaled, name, n_rows).result())


@click.command()
@click.option("--rows", default=60, show_default=True, help="Rows that the engine explains.")
@click.option("--only", default="", help="Only cases whose name contains this.")
@click.option("--scale", "with_scale", is_flag=True, help="Also time up to 100,000 rows.")
def main(rows: int, only: str, with_scale: bool) -> None:
    """Print a table of both sides."""
    click.echo(HEADER)
    with threadpool_limits(1):
        for case in cases(rows):
            if only in case.name:
                click.echo(compare(case).line(case))
    if with_scale:
        scale()


if __name__ == "__main__":
    main()
