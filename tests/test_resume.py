"""A study that is killed, again and again, ends with the records of one that was left alone.

Run as a script, this file is the study that gets killed:
``python test_resume.py LEDGER EXECUTED FAULT``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from explaudit.cells import Cell, Part, Record
from explaudit.errors import ExplauditError
from explaudit.ledger import Ledger
from explaudit.recordlog import RecordLog, read_jsonl
from explaudit.runner import RunOutcome, run
from explaudit.seeds import generator

N_CELLS, N_KILLS, JOBS = 160, 10, 2
N_FAILED = len(range(3, N_CELLS, 7))  # every seventh cell, from the fourth on


def toy_cells() -> list[Cell]:
    """Return 160 cells that share 8 scenarios."""
    return [
        Cell(
            kind="behaviour",
            dataset=Part("toy"),
            model=Part("rule"),
            innocuous=Part("other_rule"),
            role="honest",
            attack=None,
            attack_setting="",
            explainer=None,
            explainer_setting="",
            n_rows=index,
            replicate=index % 8,
            seed=0,
        )
        for index in range(N_CELLS)
    ]


def execute(cell: Cell, *, executed: Path, fault: str) -> Record:
    """Take a few milliseconds, fail now and then, and return numbers that the cell determines."""
    with executed.open("a", encoding="utf-8") as file:
        file.write(f"{cell.id}\n")
    if "orphan" in fault:  # hides from a worker that its parent is gone
        os.getppid = partial(int, os.getppid())
    rng = generator(cell.seed, cell.id)
    try:
        time.sleep(0.004 + 0.004 * rng.random())
    except KeyboardInterrupt as error:  # as some libraries do
        raise RuntimeError("Ctrl-C became an error of the cell") from error
    if "order" in fault:  # a seed that depends on how many cells were executed before
        rng = generator(cell.seed, executed.stat().st_size)
    if cell.n_rows is not None and cell.n_rows % 7 == 3:
        raise ExplauditError(f"Rows {cell.n_rows} cannot be judged.")
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={"metric": rng.normal(size=3).tolist()},
        seconds=time.monotonic(),
    )


class ForgetfulLedger(Ledger):
    """A ledger with the fault that a resumed run does everything again."""

    def done_ids(self) -> set[str]:
        return set()


def main(path: Path, executed: Path, fault: str) -> None:
    # a test that itself runs in the background would hand down that interrupts are ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kind = ForgetfulLedger if "forgetful" in fault else Ledger
    with kind.open(path) as ledger:
        ledger.plan(toy_cells(), {"preset": "toy"})
        outcome = run(
            ledger.planned(),
            partial(execute, executed=executed, fault=fault),
            ledger,
            jobs=JOBS,
        )
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


class Study(NamedTuple):
    """A study in a folder, which a test may start, watch and stop."""

    folder: Path
    fault: str = ""

    @property
    def path(self) -> Path:
        return self.folder / "ledger.sqlite"

    def plan(self) -> None:
        with Ledger.open(self.path) as ledger:
            ledger.plan(toy_cells(), {"preset": "toy"})

    def done_ids(self) -> set[str]:
        # opened anew each time: a connection kept open would spare the next run the recovery
        with Ledger.open(self.path, create=False) as ledger:
            return ledger.done_ids()

    def log(self) -> RecordLog:
        """Return what the exported log says, without the one thing that may differ."""
        with Ledger.open(self.path, create=False) as ledger:
            ledger.export_jsonl(self.folder / "records.jsonl")
        log = read_jsonl(self.folder / "records.jsonl")
        timeless = [msgspec.structs.replace(record, seconds=0.0) for record in log.records]
        return log._replace(records=timeless)

    def executed(self) -> list[list[str]]:
        """Return for each run the ids of the cells that it executed."""
        return [file.read_text().split() for file in sorted(self.folder.glob("executed-*"))]

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the study as the leader of its own process group."""
        log = self.folder / f"executed-{len(self.executed()):02}"
        log.touch()
        command = [sys.executable, __file__, str(self.path), str(log), self.fault]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def finish(self) -> RunOutcome:
        with self.running() as process:
            stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr.decode()
        assert b"Traceback" not in stderr
        return msgspec.json.decode(stdout, type=RunOutcome)

    def wait_for(self, n_new: int, process: subprocess.Popen[bytes]) -> set[str]:
        """Wait until a run has written that many records, or has ended."""
        before = len(self.done_ids())
        while len(self.done_ids()) < before + n_new and process.poll() is None:
            time.sleep(0.01)
        return self.done_ids()


class Kill(NamedTuple):
    """What a killed run had done: whether it was at work, and the ids done before and after."""

    hit: bool
    before: set[str]
    after: set[str]


def kill_and_resume(study: Study, n_kills: int, seed: int) -> list[Kill]:
    """Kill a study at random moments, let it finish at last, and return what each kill hit."""
    moments = random.Random(seed)
    kills = []
    study.plan()
    for _ in range(n_kills):
        before = study.done_ids()
        with study.running() as process:
            study.wait_for(moments.randint(1, 12), process)
            time.sleep(moments.uniform(0, 0.01))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        kills.append(Kill(process.returncode == -signal.SIGKILL, before, study.done_ids()))
    assert study.finish() == RunOutcome(N_CELLS, N_FAILED, False)
    return kills


def reworked(study: Study, kills: list[Kill]) -> list[str]:
    """Return the cells that a resumed run executed although they had a record."""
    runs = zip(study.executed(), [*(kill.before for kill in kills), kills[-1].after], strict=True)
    return [cell_id for executed, before in runs for cell_id in executed if cell_id in before]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("undisturbed"))
    assert study.finish() == RunOutcome(N_CELLS, N_FAILED, False)
    assert sorted(study.executed()[0]) == sorted(cell.id for cell in toy_cells())
    return study


def test_ten_kills_change_no_record(tmp_path: Path, undisturbed: Study) -> None:
    study = Study(tmp_path)
    kills = kill_and_resume(study, N_KILLS, seed=20)
    # the test is void unless the kills hit runs that were at work and had written something
    assert sum(kill.hit and len(kill.after) < N_CELLS for kill in kills) >= N_KILLS - 2
    assert sum(kill.before < kill.after for kill in kills) >= N_KILLS - 2
    assert reworked(study, kills) == []
    assert study.log() == undisturbed.log()


def test_the_checks_see_planted_faults(tmp_path: Path, undisturbed: Study) -> None:
    study = Study(tmp_path, fault="order forgetful")
    kills = kill_and_resume(study, 1, seed=21)
    assert study.log().records != undisturbed.log().records
    assert len(reworked(study, kills)) == len(kills[0].after) > 0


def partly_done(study: Study) -> list[str]:
    """Return the scenarios of which some cells are done and some are not."""
    done = study.done_ids()
    groups: dict[str, set[bool]] = {}
    for cell in toy_cells():
        groups.setdefault(cell.group, set()).add(cell.id in done)
    return [group for group, states in groups.items() if len(states) == 2]


def signal_group(process: subprocess.Popen[bytes]) -> None:
    """Do what a terminal does on Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)


def signal_parent(process: subprocess.Popen[bytes]) -> None:
    """Do what ``kill -INT`` does."""
    process.send_signal(signal.SIGINT)


def test_ctrl_c_keeps_what_is_done_and_stops_the_workers(
    tmp_path: Path, undisturbed: Study
) -> None:
    study = Study(tmp_path)
    study.plan()
    for interrupt in (signal_group, signal_parent):
        with study.running() as process:
            done = study.wait_for(5, process)
            interrupt(process)
            stdout, stderr = process.communicate()
        outcome = msgspec.json.decode(stdout, type=RunOutcome)
        assert outcome.interrupted
        assert process.returncode == 0
        assert b"Traceback" not in stderr
        assert done <= study.done_ids()
        assert len(done) <= outcome.done < N_CELLS
        # the workers did not wait for the end of their scenarios, nor do they live on
        assert partly_done(study)
        time.sleep(0.1)
        assert len(study.done_ids()) == outcome.done
    assert not study.finish().interrupted
    assert study.log() == undisturbed.log()


def wait_for_workers_of_a_killed_parent(study: Study, timeout: float) -> None:
    """Kill a run's parent alone, and wait until no worker holds its end of the pipes any more."""
    study.plan()
    with study.running() as process:
        study.wait_for(1, process)
        process.kill()
        try:
            process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == -signal.SIGKILL


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    wait_for_workers_of_a_killed_parent(Study(tmp_path), timeout=60)


def test_workers_that_do_not_look_for_their_parent_live_on(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        wait_for_workers_of_a_killed_parent(Study(tmp_path, fault="orphan"), timeout=5)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
