"""`explaudit gameability`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import joblib
import msgspec

from explaudit.cli.output import tell
from explaudit.errors import InvalidInputError
from explaudit.leaderboard.plan import cost, plan_leaderboard
from explaudit.leaderboard.settings import PRESETS, LeaderboardSettings, OwnTable
from explaudit.study.roles import OWN

__all__ = ["gameability"]


def _listed(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Read names that are separated by commas."""
    del ctx, param
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else ()


@click.command(short_help="How far adversaries move each metric of explanations: the leaderboard.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="standard",
    show_default=True,
    help="quick: one data set, five explainers; standard: everything, an hour or more.",
)
@click.option("--datasets", callback=_listed, help="Only these packaged data sets: a,b,...")
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your own table (CSV or Parquet) instead of the packaged data sets.",
)
@click.option("--sensitive", help="The sensitive column of --data.")
@click.option("--protected", help="Its protected level; above or below (the mean) for a number.")
@click.option("--target", help="The column of true outcomes in --data.")
@click.option("--favourable", help="The favourable outcome.  [default: 1]")
@click.option("--explainers", callback=_listed, help="Only these explainer settings: a,b,...")
@click.option("--metrics", callback=_listed, help="Only these metrics: a,b,...")
@click.option("--adversaries", callback=_listed, help="Only these adversaries: a,b,...")
@click.option("--replicates", type=int, help="Repetitions with their own split, gate, background.")
@click.option(
    "--curve-replicates",
    type=int,
    help="How many of them are run for curves against fidelity and budget, too; 0 for none.",
)
@click.option("--rows", "n_rows", type=int, help="Held-out rows to explain in each cell.")
@click.option("--max-rows", type=int, help="Rows of a data set to use at the most.")
@click.option("--fidelity-floor", type=float, help="Least agreement of attacked and honest model.")
@click.option("--seed", type=int, help="The base seed.  [default: 0]")
@click.option("--jobs", type=int, help="Processes.  [default: as many as there are processors]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/gameability"),
    show_default=True,
    help="Folder for the report, results.json and records.jsonl.",
)
@click.option("--retry-failed", is_flag=True, help="Try cells again that failed in an earlier run.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@click.pass_context
def gameability(
    ctx: click.Context,
    /,
    preset: str,
    data: Path | None,
    jobs: int | None,
    out: Path,
    retry_failed: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Measure how gameable each metric of explanations is, and write the leaderboard.

    A model that decides by the sensitive feature is hidden by several adversaries from each
    explainer. Of each metric by which explanations are judged it is measured how often the false
    explanation scores at least as well as the honest one. Run the same command again to go on
    where a leaderboard was stopped.

    \b
    Examples:
      explaudit gameability --preset quick
      explaudit gameability --datasets compas --explainers lime,kernel_shap_kmeans
      explaudit gameability --data rows.csv --sensitive race --protected Black --target repaid
    """  # noqa: D301  click needs the real character
    from explaudit.cli.output import render_leaderboard
    from explaudit.leaderboard.run import run_leaderboard
    from explaudit.recorded import RECORDS

    if jobs is not None and jobs < 1:
        raise InvalidInputError("--jobs", "at least 1", jobs)
    settings = _settings(preset, data, choices)
    expected = cost(plan_leaderboard(settings))
    tell(
        quiet,
        f"{expected.cells} cells: {expected.gates} gates to train, about "
        f"{expected.explained_rows:,} rows to explain. Writing to {out}.",
    )
    outcome = run_leaderboard(
        settings,
        out,
        jobs=jobs or joblib.cpu_count(),
        progress=not quiet,
        retry_failed=retry_failed,
        say=lambda text: tell(quiet, text),
    )
    render_leaderboard(outcome.results, out / RECORDS, out, quiet=quiet)
    if outcome.run.interrupted:
        tell(quiet, "Stopped; what was done is kept. Run the same command again to go on.")
        ctx.exit(130)
    if outcome.results.cells.unjudged:
        ctx.exit(3)


def _settings(preset: str, data: Path | None, choices: dict[str, Any]) -> LeaderboardSettings:
    """Return the preset's settings with what the user chose in their place."""
    described = {
        name: choices.pop(name) for name in ("sensitive", "protected", "target", "favourable")
    }
    chosen = {name: value for name, value in choices.items() if value not in (None, ())}
    if data is not None:
        if "datasets" in chosen:
            raise InvalidInputError(
                "--datasets", "nothing beside --data", chosen["datasets"], "Give one of the two."
            )
        chosen |= {"datasets": (OWN,), "own": _own(data, described)}
    else:
        for name, value in described.items():
            if value is not None:
                raise InvalidInputError(
                    f"--{name}", "your own table in --data", value, "Packaged data need no roles."
                )
    return msgspec.structs.replace(PRESETS[preset], **chosen)


def _own(data: Path, described: dict[str, str | None]) -> OwnTable:
    from explaudit.study.tables import OWN_FILE, file_sha256

    for name in ("sensitive", "protected", "target"):
        if described[name] is None:
            raise InvalidInputError(f"--{name}", "given together with --data", None)
    os.environ[OWN_FILE] = str(data.resolve())
    given = {name: value for name, value in described.items() if value is not None}
    return OwnTable(sha256=file_sha256(data), **given)
