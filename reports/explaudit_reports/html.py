"""A report as one HTML file that needs nothing else: no network, no fonts, no other files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from explaudit.cells import Record
from explaudit.results import Results
from explaudit_reports.build import build_report
from explaudit_reports.drawing import COLOURS
from explaudit_reports.model import Report, as_data, visible
from explaudit_reports.svg import inline_svg

__all__ = ["render_html", "write_html"]


def write_html(results: Results, path: Path, records: Iterable[Record] = ()) -> None:
    """Write the report on some results as one self-contained HTML file.

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
    path.write_text(render_html(build_report(results, records)), encoding="utf-8", newline="\n")


def render_html(
    report: Report,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
) -> str:
    """Return a report as an HTML page; equal arguments give equal text.

    Parameters
    ----------
    report : Report
        What the page says.
    styles, scripts : sequence of str
        Style sheets and scripts among the templates that the page has beside those of all reports.
    data : mapping, optional
        By the id of its element, what the scripts read as JSON.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("explaudit_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    code = [_resource(name) for name in ("sort.js", *scripts)]
    page = environment.get_template("report.html.jinja").render(
        report=as_data(report),
        scripts=code,
        script_hashes=[_digest(script) for script in code],
        style="".join(_resource(name) for name in ("style.css", *styles)),
        data={place: _json(value) for place, value in (data or {}).items()},
        picture=_picture,
    )
    return page + "\n"


def _resource(name: str) -> str:
    return files("explaudit_reports").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(value: object) -> str:
    text = visible(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    # a closing tag in a name must not end the element
    return text.replace("<", "\\u003c")


def _picture(figure: dict[str, Any]) -> str:
    return inline_svg(
        figure["svg"],
        prefix=figure["id"],
        title=figure["title"],
        alt=figure["alt"],
        colours=COLOURS,
    )
