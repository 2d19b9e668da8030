"""The benchmarks compute what they say: every row has the same value with every peer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from . import command, report
from .measure import Samples, Settings, make_loop, measure, rotations
from .peers import Peers, find_peers
from .plot import plots
from .programs import CheckError, ProgramError, measure_programs
from .rows import MODULES, ROWS, ProcessRow, Row
from .run import Outcome, prepare, run_row, select, takes_part
from .targets import judge

TINY = Settings(rounds=2, sample_ns=1000)


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Peers:
    return find_peers(tmp_path_factory.mktemp("bench"), command.KEPT, MODULES)


def test_every_row_has_the_same_value_with_every_peer(peers: Peers) -> None:
    """One test, so that parallel runs build the peers once."""
    problems: list[str] = []
    timed = [row for row in ROWS if isinstance(row, Row)]
    for row in timed:
        for peer in peers.found:
            if takes_part(row, peer):
                try:
                    assert prepare(row, peer)(3) > 0
                except Exception as error:  # noqa: BLE001 - all are reported together
                    problems.append(f"{row.name}, {peer.name}: {type(error).__name__}: {error}")
    assert problems == []
    outcome = run_row(timed[0], peers.found, TINY)
    assert set(outcome.samples) == {peer.name for peer in peers.found if peer.dialect in timed[0].cases}
    assert {"hand, GIL kept", "hand, GIL released", "ctypes", "pwd"} <= {peer.name for peer in peers.found}


def test_names_of_rows_are_different() -> None:
    assert len({(row.group, row.name) for row in ROWS}) == len(ROWS)


def test_rows_are_selected_by_group_name_and_pattern() -> None:
    assert {row.group for row in select("calls")} == {"calls"}
    assert [row.name for row in select("noop")] == ["noop()"]
    assert {row.name.split()[0] for row in select("new *")} == {"new"}
    assert select("", thorough=True) == list(ROWS)
    assert 0 < len(select("")) < len(ROWS)


def test_names_of_the_scope_are_local_in_the_loop() -> None:
    calls: list[int] = []
    loop: Any = make_loop("f(value)", {"f": calls.append, "value": 7, "other": None})
    assert loop(3) > 0
    assert calls == [7, 7, 7]
    assert "other" not in loop.__code__.co_varnames
    assert {"f", "value"} <= set(loop.__code__.co_varnames)


def test_peers_are_measured_in_turns() -> None:
    order: list[str] = []

    def loop(name: str) -> Any:
        def run(count: int) -> int:
            order.append(name)
            return 1000 * count

        return run

    samples = measure({"a": loop("a"), "b": loop("b")}, Settings(rounds=4, sample_ns=1000), per=10)
    assert "".join(order[-8:]) == "abbaabba"
    assert samples["a"].values == (100.0,) * 4
    assert list(rotations([], 2)) == [[], []]


def row_of(group: str, name: str, **minima: float) -> Outcome:
    samples = {
        peer.replace("_", " ").replace("ffi core", "ffi_core"): Samples(1, (value,)) for peer, value in minima.items()
    }
    return Outcome(Row(group, name, None, {}), samples)


def test_targets_are_judged() -> None:
    outcomes = [
        row_of("calls", "add(int, int)", cffi_API=100, cffi_ABI=150, ffi_core_ABI=50),
        row_of("data", "new x", cffi_API=100, ffi_core_API=90),
        row_of("look-up and call", "f(1, 2)", ffi_core_ABI=40),
        row_of("look-up and call", "lib.f(1, 2)", ffi_core_ABI=70),
    ]
    assert [(verdict.row, round(verdict.value, 2), verdict.met) for verdict in judge(outcomes)] == [
        ("add(int, int)", 2.0, True),
        ("add(int, int)", 3.0, True),
        ("lib.f(1, 2)", 30.0, False),
        ("new x", 1.11, False),
    ]
    assert "2 of 4" in report.verdict_lines(judge(outcomes))[0]
    assert report.verdict_table(judge(outcomes)).splitlines()[2].endswith("MISSED |")


def test_programs_measure_what_they_say(peers: Peers) -> None:
    rows = [row for row in ROWS if isinstance(row, ProcessRow) and row.name in ("import and first FFI()", "int *")]
    with TemporaryDirectory() as folder:
        for row in rows:
            taken = measure_programs(replace(row, rounds=1), ["ffi_core"], Path(folder))
            assert taken["ffi_core"][0] > 0
        with pytest.raises(CheckError, match="not 'other'"):
            measure_programs(replace(rows[0], rounds=1, expected="other"), ["ffi_core"], Path(folder))
        with pytest.raises(ProgramError, match="no_such_package"):
            measure_programs(rows[0], ["no_such_package"], Path(folder))


def test_plots_are_drawn() -> None:
    drawn = plots([row_of("calls", "f(<1>)", cffi_API=100, cffi_ABI=1500, ffi_core_ABI=50)])
    assert set(drawn) == {"calls"}
    assert [element.tag.rpartition("}")[2] for element in ET.fromstring(drawn["calls"])].count("rect") == 7


def test_a_run_is_compared_with_an_earlier_one() -> None:
    old = report.as_json([row_of("calls", "f", cffi_API=100, ffi_core_ABI=50)], {}, [])
    new = report.as_json([row_of("calls", "f", cffi_API=200, ffi_core_ABI=120)], {}, [])
    (line,) = report.comparison(json.loads(json.dumps(old)), new).splitlines()[2:]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "f", "ffi_core ABI", "50", "120", "2.40", "2.00", "1.20", "slower",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="format"):
        report.comparison({"format": 0}, new)


def test_tables_leave_out_who_is_not_there() -> None:
    text = report.tables([row_of("calls", "f", cffi_API=100.0, ctypes=450.0)], ["cffi API", "ffi_core ABI", "ctypes"])
    assert "ffi_core" not in text
    assert "| f " in text
    assert "4.50" in text


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.json"
    assert command.main(["--quick", "--rows", "getpwuid", "--rounds", "1", "--json", str(target)]) == 0
    written = json.loads(target.read_text())
    assert [row["name"] for row in written["rows"]] == ["getpwuid(0)"]
    assert written["environment"]["python"]
    assert "getpwuid(0)" in capsys.readouterr().out
    assert command.main(["--rows", "no such row"]) == 2


def test_paths_are_those_of_the_folder_that_nox_is_started_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(command.ROOT / "tests")  # where nox goes
    assert command.parse(["--publish", "docs/performance"]).publish == command.ROOT / "docs" / "performance"
    assert command.parse(["--json", str(tmp_path / "x.json")]).json == tmp_path / "x.json"
    monkeypatch.chdir(tmp_path)
    assert command.parse(["--publish", "docs"]).publish.resolve() == tmp_path.resolve() / "docs"
