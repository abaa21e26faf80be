# SPDX-License-Identifier: BSD-3-Clause
"""bench/report.py: which figures of ours a run lacks; report_ways.py."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench"))
import report  # noqa: E402  (the path comes first)
import report_ways  # noqa: E402


@pytest.fixture
def whole():
    calls = {name: 1.0 for name, _, _ in report.ITEMS}
    system = {name: 1 for name in report.SYSTEM_FIGURES}
    return {"insn": {"Narthex": dict(calls)}, "ns": {"Narthex": dict(calls)},
            "system": {"Narthex": system, "start": {"Narthex": 0.1, "exit": 0.1}}}


def test_nothing_is_missing(whole):
    assert report.missing_figures(whole) == []


def test_a_guest_that_crashed_half_way(whole):
    del whole["insn"]["Narthex"]["stat"]
    whole["ns"] = {}
    missing = report.missing_figures(whole)
    assert "insn stat" in missing and "ns getppid" in missing and "insn getppid" not in missing


def test_the_system(whole):
    whole["system"]["Narthex"]["boot_insn_8"] = None
    del whole["system"]["start"]
    assert report.missing_figures(whole) == ["boot_insn_8", "start"]


def test_only_what_was_asked_for(whole):
    results = {"insn": {"Narthex": {"stat": 1.0}}, "ns": {}, "system": {}}
    assert report.missing_figures(results, only="stat", with_ns=False) == []
    assert report.missing_figures(results, only="stat") == ["ns stat"]
    assert report.missing_figures(whole | {"insn": {}}, only="getppid") == ["insn getppid"]


def test_the_ways_into_the_kernel(whole):
    values = {name: 1.0 for name in report_ways.WAY_NAMES}
    whole["ways"] = {"static": values, "dynamic": dict(values)}  # a patched libc need not be there
    assert report.missing_figures(whole) == []
    del whole["ways"]["dynamic"]["trap:getppid"]
    assert report.missing_figures(whole) == ["dynamic trap:getppid"]
    assert "| getppid | dynamic | - | 1 | 1 |" in report_ways.ways_text(whole["ways"])


def test_the_share_of_calls_that_do_not_trap():
    figures = {"trap_c1": 1, "site_c1": 15, "function_c1": 4}
    assert report_ways.share(figures, 1) == 95
    assert report_ways.share_text("on", figures, 1) == "95.0 %, >= 95 yes"
    assert report_ways.share_text("on", figures | {"trap_c1": 2}, 1).endswith("**no**")
