"""`explaudit datasets`, `attacks`, `explainers` and `metrics`: what there is."""

from __future__ import annotations

import dataclasses
import inspect
import json
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import click

from explaudit import registry

__all__ = ["attacks", "datasets", "explainers", "metrics"]

Row = dict[str, Any]


def _command(name: str, rows: Callable[[], list[Row]], shown: Sequence[str], text: str) -> Any:
    """Return a command that lists a catalogue, as text or as JSON."""

    @click.command(name, help=text, short_help=text.splitlines()[0])
    @click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
    def listing(as_json: bool) -> None:
        found = rows()
        if as_json:
            click.echo(json.dumps(found, indent=1, default=str))
            return
        for row in found:
            click.echo(click.style(str(row["name"]), bold=True))
            for key in shown:
                if row.get(key):
                    click.echo(textwrap.indent(textwrap.fill(_text(row[key]), 92), "    "))

    return listing


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _first_sentence(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _settings(plugin: Any) -> dict[str, Any]:
    """Return the settings of a plug-in with their defaults."""
    return {
        name: None if p.default is inspect.Parameter.empty else p.default
        for name, p in inspect.signature(plugin).parameters.items()
    }


def _plugin_rows(group: str) -> list[Row]:
    plugins = {name: registry.load(group, name) for name in registry.names(group)}
    return [
        {
            "name": name,
            "description": _first_sentence(plugin),
            "source": getattr(plugin, "source", ""),
            "settings": _settings(plugin),
        }
        for name, plugin in plugins.items()
    ]


def _attack_rows() -> list[Row]:
    rows = _plugin_rows("attacks")
    for row in rows:
        plugin = registry.load("attacks", row["name"])
        row["surface"], row["access"] = plugin.surface.value, plugin.access.name.lower()
        row["changes"] = f"changes the {row['surface']}; the attacker needs: {row['access']}"
        for group in ("samplers", "gates", "models"):
            row[group] = list(registry.names(group))
    return rows


def _dataset_rows() -> list[Row]:
    from explaudit_datasets import card, names

    return [
        {**dataclasses.asdict(card(name)), "size": f"{card(name).n_rows:,} rows"}
        for name in names()
    ]


def _metric_rows() -> list[Row]:
    from explaudit.measure import catalogue

    return [dataclasses.asdict(entry) for entry in catalogue()]


datasets = _command(
    "datasets",
    _dataset_rows,
    ("title", "size", "task", "sensitive", "licence"),
    "List the packaged data sets, with source, licence and known harms.",
)
attacks = _command(
    "attacks",
    _attack_rows,
    ("description", "changes", "source"),
    "List the attacks, with what they change and what the attacker needs.",
)
explainers = _command(
    "explainers",
    lambda: _plugin_rows("explainers"),
    ("description", "source"),
    "List the explainers that can be audited, with their settings.",
)
metrics = _command(
    "metrics",
    _metric_rows,
    ("description", "source"),
    "List the names of the metrics in results.json, with range and source.",
)
