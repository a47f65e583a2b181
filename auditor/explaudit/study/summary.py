"""From the records of a study to its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from explaudit.cells import Cell, Part, Record, canonical_json
from explaudit.measure import measure
from explaudit.results import CellCount, Results, UnjudgedCell
from explaudit.study.notes import dataset_note
from explaudit.study.plan import StudySettings
from explaudit.study.reference import compare

__all__ = ["count_cells", "merged_versions", "summarise"]


def summarise(settings: StudySettings, cells: Sequence[Cell], records: Sequence[Record]) -> Results:
    """Pool the records of a study into its results.

    Parameters
    ----------
    settings : StudySettings
        The study's settings.
    cells : sequence of Cell
        Every cell that was planned.
    records : sequence of Record
        What came of those that are done.
    """
    measurements, gameability = measure(
        records,
        seed=settings.seed,
        fidelity_floor=settings.fidelity_floor,
        harm_tolerance=settings.harm_tolerance,
    )
    published = settings.protocol == "published"
    return Results(
        versions=merged_versions(records),
        seed=settings.seed,
        settings=msgspec.json.decode(msgspec.json.encode(settings)),
        datasets=[
            dataset_note(
                Part(name, {"protocol": settings.protocol}), records, strength=settings.bias
            )
            for name in settings.datasets
        ],
        attack_settings=_parts((c.attack_setting, c.attack) for c in cells),
        explainer_settings=_parts((c.explainer_setting, c.explainer) for c in cells),
        measurements=measurements,
        gameability=gameability,
        reference=compare(measurements, datasets=settings.datasets) if published else [],
        cells=count_cells(cells, records),
        n_queries=sum(record.n_queries for record in records),
        seconds=sum(record.seconds for record in records),
    )


def _parts(named: Iterable[tuple[str, Part | None]]) -> dict[str, dict[str, Any]]:
    # in the order of canonical JSON, so that results rebuilt from a log are the same to the byte
    return {
        name: msgspec.json.decode(canonical_json(part)) for name, part in named if part is not None
    }


def merged_versions(records: Sequence[Record]) -> dict[str, str]:
    """Return each package's version; all of them where records came from several machines."""
    seen: dict[str, set[str]] = {}
    for record in records:
        for package, version in record.versions.items():
            seen.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(seen[package])) for package in sorted(seen)}


def count_cells(cells: Sequence[Cell], records: Sequence[Record]) -> CellCount:
    """Return how many planned cells are done, and why the others are not."""
    done = {record.cell_id: record for record in records}
    unjudged = [
        UnjudgedCell(
            cell_id=cell.id,
            dataset=cell.dataset.name,
            model=cell.role,
            attack_setting=cell.attack_setting,
            explainer_setting=cell.explainer_setting,
            replicate=cell.replicate,
            reason=done[cell.id].reason if cell.id in done else "not run yet",
        )
        for cell in cells
        if cell.id not in done or done[cell.id].status != "ok"
    ]
    judged = len(cells) - len(unjudged)
    return CellCount(planned=len(cells), done=judged, unjudged=unjudged)
