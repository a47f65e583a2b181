"""`explaudit audit`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from explaudit import registry
from explaudit.audit._trees.sklearn_model import is_sklearn_trees
from explaudit.audit.loading import load_model, read_rows
from explaudit.audit.run import AuditResult, default_detectors
from explaudit.audit.run import audit as run_audit
from explaudit.audit.settings import DEFAULT_EXPLAINERS, AuditPlan, AuditSettings, plan_audit
from explaudit.audit.target import Answers
from explaudit.audit.verdict import EXIT_STATUS
from explaudit.cells import Part
from explaudit.cli.groups import read_groups
from explaudit.cli.output import tell
from explaudit.cli.verdict import print_summary
from explaudit.cli.watched import Asking, guarded
from explaudit.errors import ExplauditError, InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["audit"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_RESULTS, _HTML, _PDF = "results.json", "report.html", "report.pdf"


@click.command(short_help="Audit a model: does it show explainers how it treats real data?")
@click.argument("model")
@click.option("--data", type=_FILE, required=True, help="Real rows as the model is fed them, CSV.")
@click.option("--sensitive", multiple=True, required=True, help="Sensitive column (repeatable).")
@click.option(
    "--explainer",
    "explainers",
    multiple=True,
    help="Explainer whose queries are asked (repeatable).  [default: kernel_shap and lime]",
)
@click.option("--budget", type=int, default=6000, show_default=True, help="Most rows to send.")
@click.option(
    "--alpha",
    type=float,
    default=0.05,
    show_default=True,
    help="False-alarm rate over all tests together.",
)
@click.option(
    "--answers",
    type=click.Choice(get_args(Answers)),
    default="auto",
    show_default=True,
    help="What the model answers with. Of one number for each row, auto takes those for "
    "probabilities that lie between 0 and 1 and fill half of that range.",
)
@click.option("--categorical", multiple=True, help="Numeric column whose numbers are names.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="NAME=COLUMN,COLUMN",
    help="Columns that are one feature, as one-hot columns are: race=race_a,race_b (repeatable).",
)
@click.option("--drop", multiple=True, help="Column that the model is not fed, as the target.")
@click.option("--decisions", type=_FILE, help="Log of rows with the decisions made on them, CSV.")
@click.option(
    "--decision-column", default="decision", show_default=True, help="Decisions in that log."
)
@click.option("--background", type=_FILE, help="Background rows that somebody handed over, CSV.")
@click.option(
    "--model-file",
    type=_FILE,
    help="A tree model's own file, to be audited too: XGBoost's, LightGBM's, or a skops file.",
)
@click.option(
    "--swap",
    is_flag=True,
    help="Also explain a few rows by several explainers, for some 4,000 rows more.",
)
@click.option("--trust", multiple=True, help="Type in a skops file that you trust.")
@click.option("--seed", type=int, default=0, show_default=True, help="Equal seeds audit alike.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/audit"),
    show_default=True,
    help="Folder for results.json and the report.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@click.pass_context
def audit(ctx: click.Context, /, model: str, out: Path, quiet: bool, **choices: Any) -> None:
    """Tell whether MODEL answers an explainer's queries as it decides on real data.

    MODEL is module:function (rows in, labels or scores out), a skops file, or an XGBoost file
    (.json, .ubj). Nothing is asked of it but answers. Use rows that whoever made the model did not
    hold. An openly biased model passes; its bias is among the findings.

    \b
    Examples:
      explaudit audit my_module:predict --data rows.csv --sensitive race
      explaudit audit model.skops --data rows.csv --sensitive race --sensitive sex --drop target
      explaudit audit model.json --data rows.csv --sensitive race --decisions log.csv

    \b
    Exit status: 0 pass, 1 fail, 2 wrong use or bad input, 3 inconclusive, 130 stopped.
    """  # noqa: D301  click needs the real character
    try:
        result = msgspec.structs.replace(
            _audited(model, out, quiet, choices),
            dropped=choices["drop"],
            command=_command_line(ctx),
        )
        _write(result, out, quiet)
    except KeyboardInterrupt:
        # click's own status for it is 1, which would read as a failed audit
        tell(quiet, "Stopped.")
        ctx.exit(130)
    ctx.exit(EXIT_STATUS[result.verdict.outcome])


def _audited(model: str, out: Path, quiet: bool, choices: dict[str, Any]) -> AuditResult:
    _prepare(out)
    groups = read_groups(choices["groups"])
    rows = _rows(choices, groups)
    columns, log_column = list(rows.columns), choices["decision_column"]
    decisions = _companion("--decisions", choices["decisions"], [*columns, log_column])
    background = _companion("--background", choices["background"], columns)
    settings = _settings(choices)
    loaded = guarded(lambda: load_model(model, trusted=choices["trust"]), "be loaded")
    trees = _trees(model, loaded, choices)
    given = {"replay": decisions, "background": background, "tree_file": trees}
    detectors = default_detectors(given | {"swap": choices["swap"] or None})
    plan = plan_audit(settings, len(rows), detectors)
    tell(quiet, _cost(plan, settings))
    with Asking(loaded, plan.total, quiet=quiet) as asking:
        return run_audit(
            asking.model,
            rows,
            settings,
            name=model,
            categorical=choices["categorical"],
            groups=groups,
            detectors=detectors,
            decisions=decisions,
            decision_column=log_column if decisions is not None else "",
            background=background,
            model_file=trees,
            tell=asking.tell,
        )


def _trees(model: str, loaded: Any, choices: dict[str, Any]) -> object:
    """Return what is to be audited as a tree model's file: what was named, or the model itself."""
    path, trusted = choices["model_file"], choices["trust"]
    if path is None:
        if is_sklearn_trees(loaded):
            return loaded
        return Path(model) if model.endswith((".json", ".ubj")) else None
    if not path.is_file():
        raise InvalidInputError("--model-file", "a file that exists", str(path))
    return load_model(str(path), trusted=trusted) if path.suffix == ".skops" else path


def _prepare(out: Path) -> None:
    """Make the folder, and take away the reports of an earlier audit, which would be stale."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in (_RESULTS, _HTML, _PDF):
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInputError(
            "--out", "a folder that can be made and written to", str(out), str(error)
        ) from error


def _rows(choices: dict[str, Any], groups: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    rows = read_rows(choices["data"])
    _check_columns("--drop", choices["drop"], list(rows.columns))
    rows = rows.drop(columns=list(choices["drop"]))
    columns = list(rows.columns)
    joined = [column for members in groups.values() for column in members]
    _check_columns("--group", joined, columns)
    _check_columns("--categorical", choices["categorical"], columns)
    features = [*groups, *(column for column in columns if column not in joined)]
    _check_columns("--sensitive", choices["sensitive"], features)
    return rows


def _companion(option: str, path: Path | None, columns: list[str]) -> pd.DataFrame | None:
    if path is None:
        return None
    table = read_rows(path)
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InvalidInputError(
            option, f"a table with the columns {', '.join(columns)}", f"no {', '.join(missing)}"
        )
    return table


def _check_columns(option: str, names: Sequence[str], columns: list[str]) -> None:
    for name in names:
        if name not in columns:
            raise InvalidInputError(option, f"one of {', '.join(columns)}", name)


def _settings(choices: dict[str, Any]) -> AuditSettings:
    usual = {part.name: part for part in DEFAULT_EXPLAINERS}
    chosen = [*dict.fromkeys(choices["explainers"])]
    for name in chosen:
        registry.load("explainers", name)
    return AuditSettings(
        sensitive=tuple(dict.fromkeys(choices["sensitive"])),
        explainers=tuple(usual.get(name, Part(name)) for name in chosen) or DEFAULT_EXPLAINERS,
        budget=choices["budget"],
        alpha=choices["alpha"],
        answers=choices["answers"],
        seed=choices["seed"],
    )


def _cost(plan: AuditPlan, settings: AuditSettings) -> str:
    from explaudit_reports.vocabulary import explainer_label

    labels = [explainer_label(part.name, part.name) for part in settings.explainers]
    parts = [f"{plan.real_rows:,} real rows"]
    parts += [f"{plan.queries:,} queries of {label}" for label in labels]
    if plan.toggled:
        n_changed = plan.toggled * (len(labels) + 1)
        parts.append(f"{n_changed:,} of these with another value of a sensitive feature")
    parts += [f"{rows:,} by {name}" for name, rows in plan.detectors.items() if rows]
    return f"Cost: at most {plan.total:,} of {settings.budget:,} rows: {', '.join(parts)}."


def _command_line(ctx: click.Context) -> str:
    """Return the command as it was given, for others to give again."""
    words = ["explaudit", "audit"]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if source is not click.core.ParameterSource.COMMANDLINE or name in ("out", "quiet"):
            continue
        given = ctx.params[name]
        if given is True:
            words += parameter.opts[:1]
            continue
        for value in given if isinstance(given, tuple) else (given,):
            is_option = isinstance(parameter, click.Option)
            words += [*parameter.opts[:1], str(value)] if is_option else [str(value)]
    return shlex.join(words)


def _write(result: AuditResult, out: Path, quiet: bool) -> None:
    """Write the results first, so that trouble with the report loses nothing."""
    from explaudit_reports.audit import write_audit_html, write_audit_pdf

    done = []
    try:
        text = msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"
        (out / _RESULTS).write_bytes(text)
        done.append(out / _RESULTS)
        if not quiet:
            print_summary(result)
        for name, write in ((_HTML, write_audit_html), (_PDF, write_audit_pdf)):
            write(result, out / name)
            done.append(out / name)
    # typst's own errors are runtime errors
    except (OSError, RuntimeError) as error:
        kept = ", ".join(map(str, done)) or "nothing"
        raise ExplauditError(
            f"the outcome is {result.verdict.outcome!r}, but not all of it could be written "
            f"({type(error).__name__}: {error}); written: {kept}."
        ) from error
    finally:
        if not quiet:
            for path in done:
                click.echo(f"  {path}")
