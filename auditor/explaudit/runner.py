"""Run the cells of a study: resumable, in several processes, and never stopped by a bad cell.

Each worker process takes a whole group of cells, those that share a scenario, so that a cache of
fitted scenarios in the process serves them, and writes each finished cell to the ledger itself.
Results that travelled back with the group would be lost with it when the run is killed; the ledger
takes several writers, and then it is also the one truth about how far the run is.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from joblib.externals.loky import ProcessPoolExecutor

from explaudit.cells import Cell, Record, canonical_json
from explaudit.errors import ContractError, ExplauditError, InvalidInputError
from explaudit.ledger import Ledger
from explaudit.progress import Progress
from explaudit.provenance import versions
from explaudit.threads import single_threaded

__all__ = ["RunOutcome", "run"]

_POLL_SECONDS = 0.25

Execute = Callable[[Cell], Record]


class RunOutcome(NamedTuple):
    """How a run ended.

    Attributes
    ----------
    done : int
        Cells that have a record now, from this run or an earlier one.
    failed : int
        How many of those records say that the cell failed.
    interrupted : bool
        Whether Ctrl-C ended the run; what was done is kept.
    """

    done: int
    failed: int
    interrupted: bool


def run(
    cells: Sequence[Cell],
    execute: Execute,
    ledger: Ledger,
    *,
    jobs: int = 1,
    progress: bool = True,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> RunOutcome:
    """Execute the cells that have no record yet and write a record for each.

    The records do not depend on `jobs`, on the order of the cells or on where earlier runs were
    killed, as long as `execute` depends on nothing but its cell.

    Parameters
    ----------
    cells : sequence of Cell
        Planned cells of `ledger`.
    execute : callable
        Makes the record of a cell. With several jobs it must be picklable: a function of a
        module. Whatever it raises becomes a failed record.
    ledger : Ledger
        Where the records go.
    jobs : int, default 1
        Number of processes; 1 works in this one.
    progress : bool, default True
        Whether to show on standard error how far the run is.
    on_progress : callable, optional
        Called with the numbers of done, failed and all cells whenever they may have changed.

    Raises
    ------
    InvalidInputError
        If `jobs` is not positive.
    ExplauditError
        If a worker process died; finished cells are kept.
    """
    if jobs < 1:
        raise InvalidInputError("jobs", "a positive number of processes", jobs)
    ids = [cell.id for cell in cells]
    display = Progress(len(cells), _count(ledger, ids)[0], shown=progress)

    def report() -> None:
        done, failed = _count(ledger, ids)
        display.update(done, failed)
        if on_progress is not None:
            on_progress(done, failed, len(cells))

    finished = ledger.done_ids()
    chunks = _chunks([cell for cell in cells if cell.id not in finished], jobs)
    interrupted = False
    try:
        if jobs == 1:
            _run_here(chunks, execute, ledger, report)
        elif chunks:
            _run_in_processes(chunks, execute, ledger, jobs, report)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        display.close()
    return RunOutcome(*_count(ledger, ids), interrupted)


def _count(ledger: Ledger, ids: Iterable[str]) -> tuple[int, int]:
    statuses = ledger.statuses()
    found = [statuses[cell_id] for cell_id in ids if cell_id in statuses]
    return len(found), found.count("failed")


def _chunks(cells: Iterable[Cell], jobs: int) -> list[list[Cell]]:
    """Gather cells by scenario, biggest first; split only where workers would stay idle."""
    groups: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.group].append(cell)
    chunks = sorted(groups.values(), key=len, reverse=True)
    while 0 < len(chunks) < jobs and len(chunks[0]) > 1:
        biggest = chunks.pop(0)
        middle = (len(biggest) + 1) // 2
        chunks = sorted([*chunks, biggest[:middle], biggest[middle:]], key=len, reverse=True)
    return chunks


def _run_here(
    chunks: Sequence[Sequence[Cell]], execute: Execute, ledger: Ledger, report: Callable[[], None]
) -> None:
    with single_threaded():
        for cell in (cell for chunk in chunks for cell in chunk):
            _finish(cell, execute, ledger)
            report()


def _run_in_processes(
    chunks: Sequence[Sequence[Cell]],
    execute: Execute,
    ledger: Ledger,
    jobs: int,
    report: Callable[[], None],
) -> None:
    # joblib's executor without joblib.Parallel, which would block this process between chunks
    executor = ProcessPoolExecutor(
        max_workers=min(jobs, len(chunks)), initializer=_begin_worker, initargs=(os.getpid(),)
    )
    waiting = deque(chunks)
    pending: set[Future[None]] = set()
    try:
        while waiting or pending:
            # never more than the workers can take: killing them fails while others are queued
            while waiting and len(pending) < jobs:
                chunk = waiting.popleft()
                pending.add(executor.submit(_work, chunk, execute, ledger.path))
            ended, pending = wait(pending, _POLL_SECONDS, return_when=FIRST_COMPLETED)
            report()
            for future in ended:
                future.result()
    except BrokenProcessPool as error:
        raise ExplauditError(
            "A worker process died, perhaps for want of memory. Finished cells are kept: run "
            "the same again to go on, with fewer jobs if it happens again."
        ) from error
    finally:
        # at a regular end nothing is under way; otherwise there is no point in waiting for it
        executor.shutdown(wait=True, kill_workers=True)


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C, which a terminal sends to all processes, to the parent; end when it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":  # elsewhere a process keeps the parent's id when the parent is gone
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is killed, or it would work or wait on, unseen."""
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


def _work(chunk: Sequence[Cell], execute: Execute, path: Path) -> None:
    """Finish the cells of one chunk in a worker process."""
    with Ledger.open(path, create=False) as ledger, single_threaded():
        for cell in chunk:
            _finish(cell, execute, ledger)


def _finish(cell: Cell, execute: Execute, ledger: Ledger) -> None:
    started = time.perf_counter()
    try:
        record = execute(cell)
        _check(record, cell)
    # The one broad except: data sets, models and explainers of third parties may raise anything,
    # and one bad cell must not cost the others. The record keeps the reason.
    except Exception as error:
        record = Record(
            cell_id=cell.id,
            cell=cell,
            status="failed",
            reason=_reason(error),
            seconds=time.perf_counter() - started,
            versions=versions(),
        )
    # outside of the block above: a ledger that cannot be written is not the cell's failure
    ledger.add(record)


def _check(record: Record, cell: Cell) -> None:
    if record.cell != cell or record.cell_id != cell.id:
        raise ContractError(f"Expected a record of cell {cell.id}, got {record.cell_id}.")
    canonical_json(record)  # raises where values have no JSON, such as NumPy scalars


def _reason(error: Exception) -> str:
    """Return type and message and, unless the error was meant for users, where it arose."""
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, ExplauditError):
        return reason
    frame = traceback.extract_tb(error.__traceback__)[-1]
    # the file's name without its folder: records name no paths of a machine
    return f"{reason} (in {frame.name}, {Path(frame.filename).name}:{frame.lineno})"
