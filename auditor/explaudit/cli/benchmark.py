"""`explaudit benchmark`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import joblib
import msgspec

from explaudit.cli.output import tell
from explaudit.detection.baselines import is_baseline
from explaudit.detection.plan import PRESETS, plan_detection
from explaudit.errors import InvalidInputError
from explaudit.hardening.plan import PRESETS as HARDENING_PRESETS
from explaudit.hardening.plan import plan_hardening

if TYPE_CHECKING:
    from explaudit.detection.summary import DetectionResults
    from explaudit.hardening.summary import HardeningResults

__all__ = ["benchmark", "render_detection", "render_hardening"]

#: Seconds of one processor for a cell, in the middle: explanation, and its part of a gate.
_SECONDS_PER_CELL = 3


@click.group(short_help="Measure explaudit's own tools.")
def benchmark() -> None:
    """Measure how well explaudit's own tools do."""


@benchmark.command(short_help="False alarms and detections of the audit, on models of known kind.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="standard",
    show_default=True,
    help="quick: one data set, once; standard: all data sets, hours.",
)
@click.option("--dataset", "datasets", multiple=True, help="Only this data set (may be repeated).")
@click.option("--honest-replicates", type=int, help="Repetitions of every honest model.")
@click.option("--attacked-replicates", type=int, help="Repetitions of every adversary.")
@click.option("--budget", type=int, help="Rows that an audit may send.")
@click.option("--logged-replicates", type=int, help="Repetitions with a log of decisions.")
@click.option(
    "--baseline-replicates", type=int, help="In how many repetitions plain tools judge, too."
)
@click.option("--seed", type=int, help="The base seed.  [default: 0]")
@click.option("--jobs", type=int, help="Processes.  [default: as many as there are processors]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/detectors"),
    show_default=True,
    help="Folder for the report, results.json and records.jsonl.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@click.pass_context
def detectors(
    ctx: click.Context, /, preset: str, jobs: int | None, out: Path, quiet: bool, **choices: Any
) -> None:
    """Audit honest models and adversaries, and count alarms.

    Honest models are of many families, with those among them that a careless test takes for liars.
    Adversaries are plain and adaptive; those whose attack hides less than a quarter of the
    sensitive feature do not count. False alarms are of models and data sets that nothing was tuned
    on. Run the same command again to go on where a benchmark was stopped; `explaudit report` makes
    the report again from the records alone.
    """
    from explaudit.detection.run import DETECTION
    from explaudit.recorded import run_recorded

    if jobs is not None and jobs < 1:
        raise InvalidInputError("--jobs", "at least 1", jobs)
    chosen = {name: value for name, value in choices.items() if value not in (None, ())}
    settings = msgspec.structs.replace(PRESETS[preset], **chosen)
    cells = plan_detection(settings)
    plain = sum(map(is_baseline, cells))
    again = f", and {plain} of the models again by plain tools" if plain else ""
    tell(quiet, f"{len(cells) - plain} audits{again}. Writing to {out}.")
    ran = run_recorded(
        DETECTION, settings, out, jobs=jobs or joblib.cpu_count(), progress=not quiet
    )
    render_detection(ran.results, out, quiet=quiet)
    if ran.run.interrupted:
        tell(quiet, "Stopped; what was done is kept. Run the same command again to go on.")
        ctx.exit(130)
    if ran.results.failed or ran.results.baselines_failed:
        ctx.exit(3)


@benchmark.command(short_help="Hardened explainers under attack, and on honest models.")
@click.option(
    "--preset",
    type=click.Choice(list(HARDENING_PRESETS)),
    default="standard",
    show_default=True,
    help="quick: one data set, once; standard: all data sets.",
)
@click.option("--dataset", "datasets", multiple=True, help="Only this data set (may be repeated).")
@click.option(
    "--replicates", type=int, help="Repetitions with gates and explained rows of their own."
)
@click.option("--rows", "n_rows", type=int, help="Rows that each explainer explains of each model.")
@click.option("--max-rows", type=int, help="Rows of a data set to use at the most.")
@click.option("--keep-real", type=float, help="Share of real rows that gates must take for real.")
@click.option("--gate-queries", type=int, help="Queries that a gate is trained on.")
@click.option("--seed", type=int, help="The base seed.  [default: 0]")
@click.option("--jobs", type=int, help="Processes.  [default: as many as there are processors]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/hardened"),
    show_default=True,
    help="Folder for the report, results.json and records.jsonl.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@click.pass_context
def hardened(
    ctx: click.Context, /, preset: str, jobs: int | None, out: Path, quiet: bool, **choices: Any
) -> None:
    """Count how often hardened explainers show a bias that is hidden from plain ones.

    Each explainer explains a biased model, the same model hidden behind a gate that expects the
    plain explainer's queries, or this explainer's own, and a fair model. LIME, KernelSHAP and plain
    tools stand in the same tables. Run the same command again to go on where a benchmark was
    stopped; `explaudit report` makes the report again from the records alone.
    """
    from explaudit.hardening.run import HARDENING
    from explaudit.recorded import run_recorded

    if jobs is not None and jobs < 1:
        raise InvalidInputError("--jobs", "at least 1", jobs)
    chosen = {name: value for name, value in choices.items() if value not in (None, ())}
    settings = msgspec.structs.replace(HARDENING_PRESETS[preset], **chosen)
    cells, processes = plan_hardening(settings), jobs or joblib.cpu_count()
    minutes = max(1, round(len(cells) * _SECONDS_PER_CELL / 60 / processes))
    tell(quiet, f"{len(cells)} cells, about {minutes} minutes. Writing to {out}.")
    ran = run_recorded(HARDENING, settings, out, jobs=processes, progress=not quiet)
    render_hardening(ran.results, out, quiet=quiet)
    if ran.run.interrupted:
        tell(quiet, "Stopped; what was done is kept. Run the same command again to go on.")
        ctx.exit(130)
    if ran.results.failed:
        ctx.exit(3)


def render_detection(results: DetectionResults, out: Path, *, quiet: bool) -> None:
    """Write report.html and report.pdf beside results.json, and say what they say.

    Parameters
    ----------
    results : DetectionResults
        What the benchmark came to.
    out : pathlib.Path
        The folder with results.json.
    quiet : bool
        Whether to say nothing.
    """
    from explaudit_reports.detection import (
        build_detection_report,
        write_detection_html,
        write_detection_pdf,
    )

    write_detection_html(results, out / "report.html")
    write_detection_pdf(results, out / "report.pdf")
    if not quiet:
        _say(build_detection_report(results).verdict, out)


def render_hardening(results: HardeningResults, out: Path, *, quiet: bool) -> None:
    """Write report.html and report.pdf beside results.json, and say what they say.

    Parameters
    ----------
    results : HardeningResults
        What the benchmark came to.
    out : pathlib.Path
        The folder with results.json.
    quiet : bool
        Whether to say nothing.
    """
    from explaudit_reports.hardening import (
        build_hardening_report,
        write_hardening_html,
        write_hardening_pdf,
    )

    write_hardening_html(results, out / "report.html")
    write_hardening_pdf(results, out / "report.pdf")
    if not quiet:
        _say(build_hardening_report(results).verdict, out)


def _say(verdict: Iterable[str], out: Path) -> None:
    for sentence in verdict:
        click.echo(f"  {sentence}")
    for name in ("report.html", "report.pdf", "results.json"):
        click.echo(f"  {out / name}")
