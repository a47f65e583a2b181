"""What `explaudit audit` says on the terminal."""

from __future__ import annotations

import click

from explaudit.audit.run import AuditResult

__all__ = ["print_summary"]

_HEADS = ("test", "result", "score", "threshold", "p", "adjusted p", "rows")


def print_summary(result: AuditResult) -> None:
    """Print the verdict, the tests, what is hidden, findings and power."""
    from explaudit_reports.audit import prose, summarise

    summary = summarise(result)
    said = prose(result, result.verdict.sentence)
    click.echo(f"{result.verdict.outcome.upper()}: {said}\n")
    table = [_HEADS, *summary.tests]
    widths = [max(len(row[i]) for row in table) for i in range(len(_HEADS))]
    for row in table:
        line = [
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo(f"  {'  '.join(line)}".rstrip())
    for title, lines in summary.parts.items():
        if lines:
            click.echo(f"\n{title}")
        for text in lines:
            click.echo(f"  {text}")
    click.echo(f"\n{result.verdict.queries:,} of {result.verdict.budget:,} rows sent.")
