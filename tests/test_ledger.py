"""The ledger and its log: what was planned and done survives, and nothing is taken on trust."""

from __future__ import annotations

import gzip
import json
import lzma
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from explaudit.cells import SCHEMA_VERSION, Cell, Part, Record
from explaudit.errors import InvalidInputError
from explaudit.ledger import Ledger
from explaudit.recordlog import read_jsonl

SETTINGS = {"preset": "toy", "rows": 5, "floors": [0.9, 1.0]}


def make_cell(replicate: int, rows: int = 5) -> Cell:
    return Cell(
        kind="explanation",
        dataset=Part("toy", {"protocol": "a"}),
        model=Part("rule"),
        innocuous=Part("other_rule"),
        role="honest",
        attack=None,
        attack_setting="",
        explainer=Part("lime", {"n_samples": 100}),
        explainer_setting="lime-100",
        n_rows=rows,
        replicate=replicate,
        seed=0,
    )


def make_record(cell: Cell, value: float | None = 0.25) -> Record:
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={"metric": [value, None]},
        row_ids=[3, 7],
        versions={"python": "3"},
    )


def failed_record(cell: Cell) -> Record:
    return Record(cell_id=cell.id, cell=cell, status="failed", reason="ValueError: no\nluck")


CELLS = [make_cell(replicate) for replicate in range(6)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with six planned cells, the third, second and last of them done, in that order."""
    path = tmp_path / "study" / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.plan(CELLS, SETTINGS)
        for cell in (CELLS[2], CELLS[1]):
            ledger.add(make_record(cell))
        ledger.add(failed_record(CELLS[5]))
    return path


def test_everything_comes_back_in_planned_order(path: Path) -> None:
    with Ledger.open(path, create=False) as ledger:
        assert ledger.planned() == CELLS
        assert ledger.settings() == SETTINGS
        assert ledger.records() == [
            make_record(CELLS[1]),
            make_record(CELLS[2]),
            failed_record(CELLS[5]),
        ]
        assert ledger.done_ids() == {CELLS[i].id for i in (1, 2, 5)}
        assert ledger.statuses()[CELLS[5].id] == "failed"


def test_a_record_never_changes(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.add(make_record(CELLS[1], value=99.0))
        assert ledger.records()[0] == make_record(CELLS[1], value=0.25)


def test_failed_cells_can_be_tried_again(path: Path) -> None:
    with Ledger.open(path) as ledger:
        assert ledger.forget_failed() == 1
        assert ledger.done_ids() == {CELLS[1].id, CELLS[2].id}


def test_a_record_of_an_unplanned_cell_is_refused(path: Path) -> None:
    with (
        Ledger.open(path) as ledger,
        pytest.raises(InvalidInputError, match="Plan the cells first"),
    ):
        ledger.add(make_record(make_cell(99)))


def test_planning_the_same_again_changes_nothing(path: Path) -> None:
    with Ledger.open(path) as ledger:
        before = (ledger.planned(), ledger.settings(), ledger.records())
        # tuples and lists are the same JSON, and so the same settings
        ledger.plan(CELLS, {**SETTINGS, "floors": (0.9, 1.0)})
        assert (ledger.planned(), ledger.settings(), ledger.records()) == before


def test_added_cells_take_their_place_in_the_new_plan(path: Path) -> None:
    longer = [make_cell(7), *reversed(CELLS)]
    with Ledger.open(path) as ledger:
        ledger.plan(longer, SETTINGS)
        assert ledger.planned() == longer
        assert [record.cell for record in ledger.records()] == [CELLS[5], CELLS[2], CELLS[1]]


def test_other_settings_are_refused_with_the_difference(path: Path) -> None:
    with Ledger.open(path) as ledger:
        with pytest.raises(InvalidInputError) as caught:
            ledger.plan(CELLS, {"preset": "toy", "rows": 6, "new": 1, "floors": [0.9, 1.0]})
        assert caught.value.argument == "--out"
        assert "new = 'absent', rows = 5" in caught.value.expected
        assert caught.value.got == "new = 1, rows = 6"
        assert "another folder" in caught.value.remedy
        assert ledger.settings() == SETTINGS


def test_planned_cells_cannot_be_taken_away(path: Path) -> None:
    with Ledger.open(path) as ledger:
        with pytest.raises(InvalidInputError, match="lacks 2 of them"):
            ledger.plan([*CELLS[:4], make_cell(0, rows=9)], SETTINGS)
        assert ledger.planned() == CELLS


def test_a_cell_planned_twice_is_refused(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "new.sqlite") as ledger:
        with pytest.raises(InvalidInputError, match="1 repetitions"):
            ledger.plan([CELLS[0], CELLS[1], CELLS[0]], {})
        assert ledger.planned() == []
        assert ledger.settings() == {}


def test_another_schema_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    connection.close()
    with pytest.raises(InvalidInputError, match="999"), Ledger.open(path):
        pass


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError), Ledger.open(tmp_path / "no", create=False):
        pass
    assert not (tmp_path / "no").exists()
    (tmp_path / "text").write_text("not a database, but longer than its header" * 100)
    with (
        pytest.raises(InvalidInputError, match="not a database"),
        Ledger.open(tmp_path / "text"),
    ):
        pass


WRITER = """
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from explaudit.cells import Record
from explaudit.ledger import Ledger
with Ledger.open(Path(sys.argv[1]), create=False) as ledger:
    for cell in ledger.planned():
        ledger.add(Record(cell_id=cell.id, cell=cell, status="ok", reason=sys.argv[2]))
"""


def test_processes_write_at_the_same_time_without_loss(tmp_path: Path) -> None:
    cells = [make_cell(replicate) for replicate in range(300)]
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.plan(cells, {})
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"
        ]
        assert [writer.wait(60) for writer in writers] == [0, 0]
        assert [record.cell for record in ledger.records()] == cells


def test_a_writer_waits_for_another(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, other.execute, ["COMMIT"])
    release.start()
    with Ledger.open(path) as ledger:
        ledger.add(make_record(CELLS[0]))
        assert CELLS[0].id in ledger.done_ids()
    release.join()
    other.close()


@pytest.fixture
def log(path: Path, tmp_path: Path) -> Path:
    """The records.jsonl of the ledger: a header and three records."""
    with Ledger.open(path) as ledger:
        ledger.export_jsonl(tmp_path / "records.jsonl")
    return tmp_path / "records.jsonl"


def test_the_log_alone_says_all_that_the_ledger_says(path: Path, log: Path) -> None:
    assert len(log.read_bytes().splitlines()) == 4
    settings, cells, records, warnings = read_jsonl(log)
    with Ledger.open(path) as ledger:
        assert (settings, cells, records) == (
            ledger.settings(),
            ledger.planned(),
            ledger.records(),
        )
    assert warnings == []


def test_exporting_twice_gives_the_same_bytes_and_leaves_no_litter(path: Path, log: Path) -> None:
    before = log.read_bytes()
    with Ledger.open(path) as ledger:
        ledger.export_jsonl(log)
    assert log.read_bytes() == before
    assert {file.name for file in log.parent.iterdir()} == {"records.jsonl", "study"}


def test_a_log_torn_anywhere_is_read_as_far_as_it_goes(log: Path) -> None:
    whole = log.read_bytes()
    _, *intact = whole.splitlines()
    for length in range(whole.index(b"\n"), len(whole), 53):
        log.write_bytes(whole[:length])
        _, *lines = whole[:length].splitlines()
        torn = read_jsonl(log)
        assert torn.cells == CELLS
        assert len(torn.records) == sum(line in intact for line in lines)
        assert len(torn.warnings) == sum(line not in intact for line in lines)


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_compressed_log_is_read_as_it_is(
    log: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    packed = log.with_name(f"{log.name}{suffix}")
    content = compress(log.read_bytes())
    packed.write_bytes(content)
    assert read_jsonl(packed) == read_jsonl(log)
    for damaged in (content[:-9], b"", b"no such thing"):
        packed.write_bytes(damaged)
        with pytest.raises(InvalidInputError, match="log"):
            read_jsonl(packed)


def edited(line: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(line) | changes).encode()


@pytest.mark.parametrize(
    ("damage", "n_records", "warning"),
    [
        (lambda line: b"\xff\x00 not JSON", 2, "1 x damaged line"),
        (lambda line: line[: len(line) // 2], 2, "1 x damaged line"),
        (lambda line: b"[" * 50_000, 2, "1 x damaged line"),
        (lambda line: line + b"\n" + line, 3, "1 x repeated record"),
        (lambda line: edited(line, cell_id="0" * 32), 2, "1 x record that does not match"),
        (lambda line: edited(line, schema_version=0), 2, "1 x record that does not match"),
        (
            lambda line: msgspec.json.encode(make_record(make_cell(99))),
            2,
            "1 x record of a cell that was not planned",
        ),
    ],
)
def test_a_damaged_record_is_left_out_counted_and_reported(
    log: Path, damage: object, n_records: int, warning: str
) -> None:
    assert callable(damage)
    lines = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join([lines[0], damage(lines[1]), *lines[2:]]))
    damaged = read_jsonl(log)
    assert len(damaged.records) == n_records
    assert damaged.cells == CELLS
    (message,) = damaged.warnings
    assert warning in message


def test_a_damaged_header_leaves_the_records(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join([lines[0][:-5], *lines[1:]]))
    damaged = read_jsonl(log)
    assert [record.cell for record in damaged.records] == damaged.cells
    assert len(damaged.records) == 3
    assert damaged.settings == {}
    (message,) = damaged.warnings
    assert "damaged header" in message


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\n\n"])
def test_what_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(InvalidInputError):
        read_jsonl(path)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"records\.jsonl"):
        read_jsonl(path)


def test_a_log_of_another_schema_is_refused(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    lines[0] = edited(lines[0], schema_version=SCHEMA_VERSION + 1, novelty=[])
    log.write_bytes(b"\n".join(lines))
    with pytest.raises(InvalidInputError, match=f"got {SCHEMA_VERSION + 1}"):
        read_jsonl(log)
