"""The benchmark runner: one JSON object last, and a benchmark that cannot run says so."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import pytest

from benchmarks import __main__ as runner
from benchmarks import measure


def put(monkeypatch: pytest.MonkeyPatch, name: str, main: Any) -> None:
    module = ModuleType(f"benchmarks.{name}")
    module.__dict__["main"] = main
    monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return said


def test_one_benchmark_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(monkeypatch, "latency", lambda: {"p50_ms": 2.0, "holds": True})
    assert runner.main(["latency"]) == 0
    assert last_line(capsys) == {"benchmark": "latency", "p50_ms": 2.0, "holds": True}


def test_all_of_them_go_on_after_one_broke(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> dict[str, Any]:
        raise measure.MissingError("mosquitto is not installed: run `sudo apt-get install`")

    def broken() -> dict[str, Any]:
        raise ZeroDivisionError("by nothing")

    for name in runner.ORDER:
        put(monkeypatch, name, lambda: {"holds": True})
    put(monkeypatch, runner.ORDER[0], missing)
    put(monkeypatch, runner.ORDER[1], broken)
    put(monkeypatch, runner.ORDER[2], lambda: {"p50_ms": 1.0})
    assert runner.main([]) == 1
    said = last_line(capsys)
    assert said["holds"] is False
    results = said["benchmarks"]
    assert list(results) == list(runner.ORDER)
    assert "apt-get install" in results[runner.ORDER[0]]["error"]
    assert results[runner.ORDER[1]]["error"] == "ZeroDivisionError: by nothing"
    assert results[runner.ORDER[2]]["holds"] is False  # it does not say that it holds
    assert all(results[name]["holds"] for name in runner.ORDER[3:])


def test_a_missing_program_is_named_with_what_to_install() -> None:
    with pytest.raises(measure.MissingError, match="apt-get install nothing-of-the-kind"):
        measure.need("nothing-of-the-kind")


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_percentiles_are_by_nearest_rank(share: float, value: int) -> None:
    assert measure.percentile(range(100, 0, -1), share) == value


def test_the_median_of_runs_is_taken_key_by_key() -> None:
    runs = [
        {"rate": rate, "holds": holds} for rate, holds in ((3.0, True), (1.0, False), (2.0, True))
    ]
    assert measure.median_of(runs) == {"rate": 2.0, "holds": True}


def test_the_environment_is_one_line_that_names_cores_and_broker() -> None:
    line = measure.environment()
    assert "\n" not in line
    assert "cores" in line
    assert "mosquitto" in line
