"""The command line's entry point, its error handling and its exit statuses."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import click

from explaudit.cli.audit import audit
from explaudit.cli.benchmark import benchmark
from explaudit.cli.catalogue import attacks, datasets, explainers, metrics
from explaudit.cli.gameability import gameability
from explaudit.cli.report import report
from explaudit.cli.study import study
from explaudit.errors import ExplauditError
from explaudit_datasets import DataError

__all__ = ["main"]

EXAMPLES = """\b
Examples:
  explaudit study                          the study on three data sets, about two minutes
  explaudit study --preset quick           a first look, under a minute
  explaudit study --preset paper --jobs 2  every test row, as published
  explaudit gameability --preset quick     how far each metric of explanations can be gamed
  explaudit gameability                    the whole leaderboard, an hour or more
  explaudit report out/study/records.jsonl rebuild the HTML and PDF from the records
  explaudit audit my_module:predict --data rows.csv --sensitive race
                                           does this model show explainers what it does?
  explaudit explainers                     what can be audited
  explaudit metrics --json                 the names that results.json uses

\b
Exit status:
  0    done; of an audit: pass
  1    of an audit: fail
  2    wrong use or bad input
  3    some cells could not be judged, or an audit is inconclusive; the report says why
  130  stopped by Ctrl-C; run the same command again to go on
"""


class _Group(click.Group):
    """A group that turns explaudit's own errors into one line and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ExplauditError, DataError) as error:
            click.echo(f"explaudit: {error}", err=True)
            ctx.exit(2)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write("\n" + EXAMPLES.replace("\b\n", ""))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("explaudit"), prog_name="explaudit")
def main() -> None:
    """Measure how far post-hoc explanations of a tabular model can be believed.

    explaudit builds models that decide unfairly yet look innocent to LIME, SHAP and other
    explainers, measures how far each explainer is fooled, and writes a report.
    """
    # tables and names hold characters that a C locale cannot encode
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


for command in (
    study,
    gameability,
    audit,
    report,
    benchmark,
    datasets,
    attacks,
    explainers,
    metrics,
):
    main.add_command(command)
