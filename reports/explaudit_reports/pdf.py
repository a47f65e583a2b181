"""A report as a tagged PDF (PDF/UA-1) with embedded fonts, by typst.

The content reaches typst as JSON and is never part of its markup, so that no name in the data can
be read as a command.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from explaudit.cells import Record
from explaudit.results import Results
from explaudit_reports.build import build_report
from explaudit_reports.model import Report, as_data

__all__ = ["render_pdf", "typst_inputs", "write_pdf"]


def write_pdf(results: Results, path: Path, records: Iterable[Record] = ()) -> None:
    """Write the report on some results as a PDF.

    Parameters
    ----------
    results : Results
        The results of a study.
    path : Path
        The file; its folder must exist.
    records : iterable of Record
        The records that the results were computed from; see
        :func:`~explaudit_reports.build.build_report`.

    Raises
    ------
    InvalidInputError
        If two rows of the results claim the same place in a table.
    OSError
        If the file cannot be written.
    """
    path.write_bytes(render_pdf(build_report(results, records)))


def render_pdf(report: Report) -> bytes:
    """Return a report as a PDF; equal reports give equal bytes."""
    import matplotlib
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")],
    )
    template = files("explaudit_reports").joinpath("templates", "report.typ").read_bytes()
    compiler = typst.Compiler(template, font_paths=fonts, sys_inputs=typst_inputs(report))
    # a time of creation would make equal reports differ
    document = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=0)
    assert isinstance(document, bytes), "one document in, one out"
    return document


def typst_inputs(report: Report) -> dict[str, str]:
    """Return what the template is given: the whole report as JSON."""
    return {"report": json.dumps(as_data(report), ensure_ascii=False)}
