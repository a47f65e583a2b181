"""`explaudit report`."""

from __future__ import annotations

from pathlib import Path

import click

from explaudit.cli.output import render, tell

__all__ = ["report"]


@click.command(short_help="Rebuild the HTML and PDF report from records alone.")
@click.argument("records", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.  [default: the records' own]",
)
@click.option("--quiet", is_flag=True, help="Say nothing.")
@click.pass_context
def report(ctx: click.Context, records: Path, out: Path | None, quiet: bool) -> None:
    """Rebuild report.html, report.pdf and results.json from RECORDS alone.

    RECORDS is a records.jsonl or the folder that holds one. No model and no explainer is asked.

    \b
    Example:
      explaudit report out/study/records.jsonl --out for-the-regulator
    """  # noqa: D301  click needs the real character
    from explaudit.study.rebuild import rebuild

    path = records / "records.jsonl" if records.is_dir() else records
    target = out or path.parent
    rebuilt = rebuild(path, target)
    for warning in rebuilt.warnings:
        tell(quiet, f"explaudit: {warning}")
    render(rebuilt.results, path, target, quiet=quiet)
    if rebuilt.results.cells.unjudged:
        ctx.exit(3)
