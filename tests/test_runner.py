"""The runner: each planned cell gets one record, whatever happens to the others."""

from __future__ import annotations

import io
import os
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from explaudit.cells import Cell, Part, Record
from explaudit.errors import ExplauditError, InvalidInputError
from explaudit.ledger import Ledger
from explaudit.progress import Progress
from explaudit.provenance import versions
from explaudit.runner import RunOutcome, _chunks, run
from explaudit.seeds import generator


def make_cell(scenario: int, index: int = 0) -> Cell:
    return Cell(
        kind="explanation",
        dataset=Part("toy"),
        model=Part("rule"),
        innocuous=Part("other_rule"),
        role="honest",
        attack=None,
        attack_setting="",
        explainer=Part("random"),
        explainer_setting=f"setting-{index}",
        n_rows=3,
        replicate=scenario,
        seed=5,
    )


# five scenarios with one to five cells, the smallest first
CELLS = [make_cell(scenario, index) for scenario in range(5) for index in range(scenario + 1)]


def execute(cell: Cell) -> Record:
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={"metric": generator(cell.seed, cell.id).normal(size=3).tolist()},
        versions={"pid": str(os.getpid())},
    )


def execute_badly(cell: Cell) -> Record:
    """Break every promise in turn; keep it for the last scenario only."""
    match cell.replicate:
        case 0:
            raise ExplauditError("The explainer needs more rows.")
        case 1:
            return execute(CELLS[cell.seed + len(CELLS)])
        case 2:
            return execute(CELLS[-1])
        case 3:
            return msgspec.structs.replace(execute(cell), scalars={"metric": {1, 2}, "b": object()})
        case _:
            return execute(cell)


def execute_with_threads(cell: Cell) -> Record:
    """Report how many threads the numerical libraries use, a late import too."""
    import sklearn.ensemble  # noqa: F401  # brings its own OpenMP

    return msgspec.structs.replace(
        execute(cell), scalars={lib["filepath"]: lib["num_threads"] for lib in threadpool_info()}
    )


def execute_and_die(cell: Cell) -> Record:
    if cell.replicate == 1:
        os._exit(3)
    return execute(cell)


def interrupted_at_third(executed: list[str]) -> Any:
    def execute_until_ctrl_c(cell: Cell) -> Record:
        executed.append(cell.id)
        if len(executed) == 3:
            raise KeyboardInterrupt
        return execute(cell)

    return execute_until_ctrl_c


@pytest.fixture(scope="module", autouse=True)
def _functions_reach_the_workers() -> Iterator[None]:
    """Pickle this module's functions by value: no process can import a test module."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan(CELLS, {})
        yield ledger


def timeless(records: list[Record]) -> list[Record]:
    return [msgspec.structs.replace(record, seconds=0.0, versions={}) for record in records]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_cell_gets_the_record_of_its_own_execution(ledger: Ledger, jobs: int) -> None:
    outcome = run(CELLS, execute, ledger, jobs=jobs, progress=False)
    assert outcome == RunOutcome(done=len(CELLS), failed=0, interrupted=False)
    assert timeless(ledger.records()) == timeless([execute(cell) for cell in CELLS])
    here = {record.versions["pid"] for record in ledger.records()} == {str(os.getpid())}
    assert here == (jobs == 1)


def test_cells_of_a_scenario_are_executed_together_in_one_process(ledger: Ledger) -> None:
    run(CELLS, execute, ledger, jobs=2, progress=False)
    processes = defaultdict(set)
    for record in ledger.records():
        processes[record.cell.group].add(record.versions["pid"])
    assert [len(pids) for pids in processes.values()] == [1] * 5


def test_the_biggest_scenario_comes_first(ledger: Ledger) -> None:
    order: list[str] = []

    def remember(cell: Cell) -> Record:
        order.append(cell.id)
        return execute(cell)

    run(CELLS, remember, ledger, progress=False)
    assert order == [c.id for scenario in (4, 3, 2, 1, 0) for c in CELLS if c.replicate == scenario]


@given(sizes=st.lists(st.integers(1, 6), max_size=6), jobs=st.integers(1, 8))
def test_scenarios_are_split_only_for_idle_workers(sizes: list[int], jobs: int) -> None:
    cells = [make_cell(scenario, i) for scenario, size in enumerate(sizes) for i in range(size)]
    chunks = _chunks(cells, jobs)
    assert sorted(cell.id for chunk in chunks for cell in chunk) == sorted(c.id for c in cells)
    assert all(len({cell.group for cell in chunk}) == 1 for chunk in chunks)
    assert [len(chunk) for chunk in chunks] == sorted(map(len, chunks), reverse=True)
    if len(sizes) >= jobs:
        assert len(chunks) == len(sizes)
    else:
        assert len(chunks) == min(jobs, len(cells))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_cell_costs_nothing_but_itself(ledger: Ledger, jobs: int) -> None:
    outcome = run(CELLS, execute_badly, ledger, jobs=jobs, progress=False)
    assert outcome == RunOutcome(done=15, failed=10, interrupted=False)
    by_scenario = {record.cell.replicate: record for record in ledger.records()}
    assert by_scenario[4].status == "ok"
    expected = {
        0: "ExplauditError: The explainer needs more rows.",
        1: "IndexError: list index out of range (in execute_badly, test_runner.py:",
        2: f"ContractError: Expected a record of cell {by_scenario[2].cell_id}",
        3: "TypeError: ",
    }
    for scenario, reason in expected.items():
        record = by_scenario[scenario]
        assert record.status == "failed"
        assert record.reason.startswith(reason)
        assert str(Path.cwd()) not in record.reason
        assert record.versions == versions()
        assert not record.rows
        assert not record.scalars


def test_finished_cells_are_not_executed_again(ledger: Ledger) -> None:
    executed: list[str] = []
    outcome = run(CELLS, interrupted_at_third(executed), ledger, progress=False)
    assert outcome == RunOutcome(done=2, failed=0, interrupted=True)
    assert ledger.done_ids() == set(executed[:2])

    def count(cell: Cell) -> Record:
        executed.append(cell.id)
        return execute(cell)

    assert run(CELLS, count, ledger, progress=False).done == len(CELLS)
    # the interrupted cell is the only one that was begun twice
    assert len(executed) == len(CELLS) + 1
    assert run(CELLS, count, ledger, jobs=2, progress=False).done == len(CELLS)
    assert len(executed) == len(CELLS) + 1


def test_a_worker_that_dies_is_named_and_the_rest_can_be_resumed(ledger: Ledger) -> None:
    with pytest.raises(ExplauditError, match="worker process died"):
        run(CELLS, execute_and_die, ledger, jobs=2, progress=False)
    assert run(CELLS, execute, ledger, progress=False).done == len(CELLS)


def test_a_ledger_that_cannot_be_written_ends_the_run(ledger: Ledger) -> None:
    def lose_the_ledger(cell: Cell) -> Record:
        ledger._connection.execute("DROP TABLE records")
        return execute(cell)

    with pytest.raises(sqlite3.OperationalError):
        run(CELLS, lose_the_ledger, ledger, progress=False)


def test_cells_that_were_never_planned_are_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidInputError, match="Plan the cells first"):
        run([make_cell(99)], execute, ledger, progress=False)


@pytest.mark.parametrize("jobs", [0, -1])
def test_the_number_of_jobs_is_checked(ledger: Ledger, jobs: int) -> None:
    with pytest.raises(InvalidInputError, match="jobs"):
        run(CELLS, execute, ledger, jobs=jobs)


@pytest.mark.parametrize("jobs", [1, 2])
def test_numerical_libraries_use_one_thread(
    ledger: Ledger, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    run(CELLS, execute_with_threads, ledger, jobs=jobs, progress=False)
    counts = [n for record in ledger.records() for n in record.scalars.values()]
    assert len(counts) > len(CELLS)
    assert set(counts) == {1}
    # and the caller's own settings are as they were
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_as_cells_finish(ledger: Ledger, jobs: int) -> None:
    told: list[tuple[int, int, int]] = []
    run(
        CELLS,
        execute_badly,
        ledger,
        jobs=jobs,
        progress=False,
        on_progress=lambda *numbers: told.append(numbers),
    )
    assert told == sorted(told)
    assert told[-1] == (15, 10, 15)
    if jobs == 1:
        assert [done for done, _, _ in told] == list(range(1, 16))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, total: int, done: int = 0, *, display: bool = True) -> str:
    progress = Progress(total, done, shown=display, stream=stream)
    for n in range(done + 1, total + 1):
        progress.update(n, failed=n // 50)
    progress.close()
    return stream.getvalue()


def test_a_terminal_gets_one_bar_with_the_time_left() -> None:
    text = shown(Terminal(), 100)
    assert text.count("\n") == 1
    last = text.rsplit("\r", 1)[-1]
    assert "100/100" in last
    assert "<00:00" in last
    assert "failed=2" in last


def test_a_file_gets_a_line_for_every_tenth() -> None:
    lines = shown(io.StringIO(), 100).splitlines()
    assert [line.split()[0] for line in lines] == [f"{n}/100" for n in range(10, 101, 10)]
    assert all("\r" not in line and "left" in line for line in lines)
    assert lines[-1].endswith("failed=2")


def test_a_resumed_run_shows_only_what_is_new() -> None:
    lines = shown(io.StringIO(), 100, done=75).splitlines()
    assert [line.split()[0] for line in lines] == ["80/100", "90/100", "100/100"]


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_no_display_when_none_is_wanted(stream: io.StringIO) -> None:
    assert shown(stream, 100, display=False) == ""


def test_an_empty_plan_is_done_at_once(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan([], {})
        assert run([], execute, ledger, jobs=2) == RunOutcome(0, 0, False)
