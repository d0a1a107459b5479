"""CLUSTERPRO's alert log alone: it shows that a stop began, never that the OS went down."""

from __future__ import annotations

from pathlib import Path

import pytest

import acforensics

HEADER = "Received Time,Event Time,Server,Module,Event ID,Type,Message"
ROWS = [
    ("20:01:36", "rc", "11", "Activating group failover1 has completed."),
    ("22:01:36", "pm", "30", "Received a request to stop the system from clpstdn."),
    ("22:01:37", "rc", "20", "Stopping group failover1 has started."),
    ("22:01:39", "pm", "23", "The system will be stopped."),
]
LATER = ("22:31:39", "rm", "4", "Warn monitoring diskw1. (100 : not ready for monitoring.)")


def case(folder: Path, rows: list[tuple[str, ...]]) -> acforensics.case.CaseModel:
    lines = [
        f'"2026/12/04 {time}.000","2026/12/04 {time}.000","svr031","{module}","{event}","Info","{said}"'
        for time, module, event, said in rows
    ]
    (folder / "alert.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return acforensics.analyze([folder], tz="UTC").model


@pytest.mark.parametrize(("until", "confidence"), [(2, "likely"), (3, "likely"), (4, "certain")])
def test_it_breaks_off_in_a_stop_that_was_asked_for(tmp_path: Path, until: int, confidence: str) -> None:
    (end,) = case(tmp_path, ROWS[:until]).shutdowns
    assert (end.trigger, end.confidence, end.mode, end.command) == ("clusterpro-command", confidence, "halt", "clpstdn")


@pytest.mark.parametrize("rows", [ROWS[:1], [*ROWS[:3], LATER]])
def test_nothing_was_asked_for_or_the_log_goes_on(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    found = case(tmp_path, rows)
    assert (found.shutdowns, [boot.end_state for boot in found.boots]) == ([], ["running"])
