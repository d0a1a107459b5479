"""The years of listings that only their weekdays tell."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import acforensics

LAST = """\
reboot   system boot  6.1.0            Tue Nov 24 08:54   still running
shutdown system down  6.1.0            Mon Nov 23 18:40 - 08:54  (14:14)
ope1     pts/0        192.0.2.5        Mon Nov 23 18:33 - down   (00:07)
reboot   system boot  6.1.0            Mon Nov 23 18:31 - 18:40  (00:09)
"""


def case(folder: Path, written: datetime, logs: dict[str, int]) -> tuple[set[int], list[str]]:
    """The years of the starts that a listing tells, and what is said of it; it lies among logs of other years."""
    listing = folder / "svr031/last-x.txt"
    for path, year in logs.items():
        log = folder / path
        log.parent.mkdir(parents=True, exist_ok=True)
        host = log.parent.name
        log.write_text(f"{year}-11-25T10:00:00+09:00 {host} sshd[9]: Server listening on 0.0.0.0 port 22.\n" * 2)
    listing.parent.mkdir(exist_ok=True)
    listing.write_text(LAST)
    os.utime(listing, (written.timestamp(), written.timestamp()))
    found = acforensics.analyze([folder], tz="Asia/Tokyo")
    (told,) = [one for one in found.model.inputs if one.path.endswith("last-x.txt")]
    years = {time.year for time in found.timeline.index[found.timeline["kind"] == "os.boot"]}
    return years, [note.en for note in told.notes]


BEFORE = datetime(2026, 10, 1, tzinfo=UTC)


def test_the_other_files_of_the_server_tell_the_year(tmp_path: Path) -> None:
    years, notes = case(tmp_path, BEFORE, {"svr031/messages": 2026, "svr047/messages": 2020})
    assert years == {2026}
    assert any("the nearest to the other logs" in note for note in notes)


def test_without_others_of_the_server_those_of_the_case_do(tmp_path: Path) -> None:
    assert case(tmp_path, BEFORE, {"svr047/messages": 2026})[0] == {2026}


def test_a_year_in_which_the_weekdays_do_not_fit_is_not_taken(tmp_path: Path) -> None:
    # 2020 and 2026 have these weekdays; 2024 lies between them, nearer to 2026.
    assert case(tmp_path, BEFORE, {"svr031/messages": 2024})[0] == {2026}


def test_a_file_written_soon_after_its_newest_record_is_believed(tmp_path: Path) -> None:
    years, notes = case(tmp_path, datetime(2020, 12, 1, tzinfo=UTC), {"svr031/messages": 2026})
    assert years == {2020}
    assert any("the last ones before the file was written" in note for note in notes)


def test_alone_it_is_dated_by_its_own_time(tmp_path: Path) -> None:
    assert case(tmp_path, BEFORE, {})[0] == {2020}
