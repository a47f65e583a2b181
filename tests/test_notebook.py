"""The notebook runs, is thin, and is the executed form of its source."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
SOURCE = FOLDER / "adversarial_lime_study.py"
EXECUTED = FOLDER / "adversarial_lime_study.ipynb"


def test_the_notebook_runs_at_a_small_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAUDIT_NOTEBOOK_ROWS", "4")
    monkeypatch.delenv("EXPLAUDIT_COMMUNITIES_FILE", raising=False)
    notebook = jupytext.read(SOURCE)
    NotebookClient(notebook, timeout=400, kernel_name="python3").execute()
    errors = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"
    ]
    assert errors == []


def test_the_committed_notebook_is_the_executed_form_of_its_source() -> None:
    source = jupytext.read(SOURCE)
    executed = nbformat.read(EXECUTED, as_version=4)  # type: ignore[no-untyped-call]
    assert [c.source for c in executed.cells] == [c.source for c in source.cells]
    code = [c for c in executed.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code)
    assert any(o.output_type == "display_data" for c in code for o in c.outputs)
