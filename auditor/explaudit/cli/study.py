"""`explaudit study`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import joblib
import msgspec

from explaudit.cli.output import render, tell
from explaudit.errors import InvalidInputError
from explaudit.study.plan import PRESETS, StudySettings, plan
from explaudit.study.roles import PROTOCOLS

__all__ = ["study"]


@click.command(short_help="Run the adversarial-LIME study and write its report.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="standard",
    show_default=True,
    help="quick: under a minute; standard: about two; full: every setting; paper: as published.",
)
@click.option("--protocol", type=click.Choice(PROTOCOLS), help="Sound, or as published.")
@click.option("--dataset", "datasets", multiple=True, help="Only this data set (may be repeated).")
@click.option("--attack", "attacks", multiple=True, help="Only this attack setting.")
@click.option("--explainer", "explainers", multiple=True, help="Only this explainer setting.")
@click.option("--rows", "n_rows", type=int, help="Held-out rows to explain in each cell.")
@click.option("--replicates", type=int, help="Repetitions with their own split, gate, background.")
@click.option(
    "--bias",
    type=float,
    help="Audit a trained score less this much for the protected group, not the study's rule.",
)
@click.option("--fidelity-floor", type=float, help="Least agreement of attacked and honest model.")
@click.option("--seed", type=int, help="The base seed.  [default: 0]")
@click.option(
    "--communities-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your copy of the unnormalised Communities and Crime file (paper preset).",
)
@click.option("--jobs", type=int, help="Processes.  [default: as many as there are processors]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/study"),
    show_default=True,
    help="Folder for the report, results.json and records.jsonl.",
)
@click.option("--retry-failed", is_flag=True, help="Try cells again that failed in an earlier run.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@click.pass_context
def study(
    ctx: click.Context,
    /,
    preset: str,
    communities_file: Path | None,
    jobs: int | None,
    out: Path,
    retry_failed: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Run the adversarial-LIME study (Slack et al., AIES 2020) and write its report.

    A biased model is hidden behind a scaffold and shown to each explainer, beside the honest biased
    model and an innocuous one. Run the same command again to go on where a study was stopped.

    \b
    Examples:
      explaudit study --preset quick --out out/quick
      explaudit study --dataset compas --explainer lime --explainer rows10 --rows 100
      explaudit study --preset paper --replicates 5 --jobs 4 --out out/paper
    """  # noqa: D301  click needs the real character
    from explaudit.recorded import RECORDS
    from explaudit.study.run import run_study
    from explaudit.study.tables import COMMUNITIES_FILE, file_sha256

    settings = _settings(preset, choices)
    if communities_file is not None:
        os.environ[COMMUNITIES_FILE] = str(communities_file.resolve())
        digest = file_sha256(communities_file)
        settings = msgspec.structs.replace(settings, own_communities_file=digest)
    if jobs is not None and jobs < 1:
        raise InvalidInputError("--jobs", "at least 1", jobs)
    tell(quiet, _announcement(settings, out))
    outcome = run_study(
        settings,
        out,
        jobs=jobs or joblib.cpu_count(),
        progress=not quiet,
        retry_failed=retry_failed,
    )
    render(outcome.results, out / RECORDS, out, quiet=quiet)
    if outcome.run.interrupted:
        tell(quiet, "Stopped; what was done is kept. Run the same command again to go on.")
        ctx.exit(130)
    if outcome.results.cells.unjudged:
        ctx.exit(3)


def _settings(preset: str, choices: dict[str, Any]) -> StudySettings:
    """Return the preset's settings with what the user chose in their place."""
    chosen = {name: value for name, value in choices.items() if value not in (None, ())}
    if "n_rows" in chosen:
        chosen["n_rows_crossed"] = chosen["n_rows"]
    return msgspec.structs.replace(PRESETS[preset], **chosen)


def _announcement(settings: StudySettings, out: Path) -> str:
    cells = plan(settings)
    models = len({(c.dataset.name, c.role, c.attack_setting) for c in cells})
    explainers = len({c.explainer_setting for c in cells if c.explainer_setting})
    return (
        f"Study {settings.preset!r} ({settings.protocol} protocol): "
        f"{', '.join(settings.datasets)}; {models} models under {explainers} explainer settings, "
        f"{settings.replicates} replicate(s), {len(cells)} cells. Writing to {out}."
    )
