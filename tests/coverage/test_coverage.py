"""What each source could have shown: quiet is no gap, absence is no proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.coverage import Coverage, gap_text, hole_text, loss_text
from acforensics.parsing.definitions import load
from tests.coverage.bundle import DAY, HOUR, MINUTE, START, Bundle, at, boot, every, stop

MESSAGES, AUDIT, SECURE = "svr031/var/log/messages", "svr031/var/log/audit/audit.log", "svr031/var/log/secure"


def spans(found):
    return [((g.start - START).total_seconds(), (g.end - START).total_seconds()) for g in found]


def clock(time):
    return f"{time:%H:%M}"


# ---------------------------------------------------------------- first, last, inputs


def test_a_rotation_set_is_one_source_with_its_first_and_last_record():
    found = Bundle()
    found.add(f"{MESSAGES}.1", "syslog", boot(0)).add(MESSAGES, "syslog", every(60, 100, 1000)).build()
    (source,) = found.coverage.sources
    assert (source.server, source.source, source.stream) == ("svr031", "syslog", MESSAGES)
    assert source.inputs == (f"{MESSAGES}.1", MESSAGES)
    assert (source.first, source.last) == (START, at(940))
    assert source.records == source.marks == 119 + 15
    assert found.coverage.absent("svr031") == ["journal", "login-records", "audit"]


def test_servers_come_in_order_and_the_same_input_gives_the_same_result():
    def make():
        found = Bundle()
        for server in ("svr047", "svr031"):
            found.add(f"{server}/var/log/messages", "syslog", boot(0)).add(f"{server}/var/log/cron", "syslog", boot(0))
        return found.build().coverage

    assert [(s.server, s.name) for s in make().sources] == [
        ("svr031", "cron"), ("svr031", "messages"), ("svr047", "cron"), ("svr047", "messages"),
    ]  # fmt: skip
    assert repr([s.first for s in make().sources]) == repr([s.first for s in make().sources])


# ---------------------------------------------------------------- gaps


def test_an_idle_server_with_an_hourly_job_has_no_gap():
    found = Bundle().add(MESSAGES, "syslog", [*boot(0), *every(HOUR, 17 * MINUTE, 3 * DAY)])
    found.add(AUDIT, "audit", every(30, 0, 3 * DAY)).build()
    assert found.source("messages").gaps == ()


def test_a_log_that_stops_for_hours_while_another_one_goes_on():
    records = [*boot(0), *every(MINUTE, 61, DAY), (10 * HOUR, "os.session_opened"), (15 * HOUR, "os.session_closed")]
    records = [r for r in records if not 10 * HOUR < r[0] < 15 * HOUR]
    found = Bundle().add(MESSAGES, "syslog", records).add(AUDIT, "audit", every(5 * MINUTE, 0, DAY)).build()
    (gap,) = found.source("messages").gaps
    assert (gap.start, gap.end) == (at(10 * HOUR), at(15 * HOUR))
    assert gap.boot == "svr031#1"
    assert gap.rhythm == timedelta(minutes=3)
    assert gap.others == (AUDIT,)
    assert (gap.before.kind, gap.after.kind) == ("os.session_opened", "os.session_closed")
    assert found.source("audit.log").gaps == ()
    said = gap_text(gap, clock)
    assert "5 h 0 min" in said.en and "audit.log" in said.en
    assert "5 時間 0 分" in said.ja


def test_a_silence_of_all_logs_may_be_a_hung_machine():
    times = [*every(MINUTE, 61, 10 * HOUR), *every(MINUTE, 12 * HOUR, DAY)]
    found = Bundle().add(MESSAGES, "syslog", [*boot(0), *times]).add(AUDIT, "audit", times).build()
    (gap,) = found.source("messages").gaps
    assert gap.others == ()
    assert "may have hung" in gap_text(gap, clock).en


@pytest.mark.parametrize(
    ("silence", "rhythm", "is_gap"),
    [
        (15 * MINUTE, MINUTE, True),
        (15 * MINUTE - 1, MINUTE, False),
        (40 * MINUTE + 1, 10 * MINUTE, True),
        (40 * MINUTE, 10 * MINUTE, False),
    ],
)
def test_the_limits_of_a_gap(silence, rhythm, is_gap):
    times = [*every(rhythm, 0, DAY), *every(rhythm, DAY - rhythm + silence, 2 * DAY)]
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), *times]).build()
    assert bool(found.source("messages").gaps) is is_gap


@pytest.mark.parametrize(("watched", "is_gap"), [(3 * HOUR, True), (3 * HOUR - 2 * MINUTE, False)])
def test_a_source_must_have_been_watched_for_long(watched, is_gap):
    half = watched / 2
    times = [*every(MINUTE, 0, half + 1), *every(MINUTE, half + HOUR, watched + HOUR + 1)]
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), *times]).build()
    assert bool(found.source("messages").gaps) is is_gap


def test_silent_nights_are_a_rhythm_but_three_odd_silences_are_not():
    nights = [r for r in every(MINUTE, 0, 7 * DAY) if r[0] % DAY > 4 * HOUR]
    assert Bundle().add(MESSAGES, "syslog", [(1, "os.boot"), *nights]).build().source("messages").gaps == ()
    odd = [(2 * HOUR, 3 * HOUR), (30 * HOUR, 35 * HOUR), (90 * HOUR, 92 * HOUR)]
    times = [r for r in every(MINUTE, 0, 7 * DAY) if not any(a < r[0] < b for a, b in odd)]
    found = Bundle().add(MESSAGES, "syslog", [(1, "os.boot"), *times]).build()
    assert spans(found.source("messages").gaps) == odd


def test_a_machine_that_is_off_writes_nothing():
    found = Bundle()
    records = [*boot(0), *every(MINUTE, 61, DAY), *stop(DAY), *boot(2 * DAY), *every(MINUTE, 2 * DAY + 61, 3 * DAY)]
    found.add(MESSAGES, "syslog", records).build()
    assert len(found.boots["svr031"]) == 2
    assert found.source("messages").gaps == ()


def test_a_boot_that_only_another_log_shows_is_a_gap():
    whole = [r for n in range(10) for r in (*boot(n * DAY), *every(MINUTE, n * DAY + 61, n * DAY + HOUR))]
    whole += [r for n in range(10) for r in stop(n * DAY + HOUR)]
    whole.sort(key=lambda record: record[0])
    part = [r for r in whole if not 5 * DAY - HOUR < r[0] < 5 * DAY + 2 * HOUR]
    found = Bundle().add("svr031/journal.txt", "journal", whole).add(MESSAGES, "syslog", part).build()
    (gap,) = found.source("messages").gaps
    assert (gap.start, gap.end) == (at(5 * DAY), at(5 * DAY + HOUR + 1))
    assert found.source("journal.txt").gaps == ()
    assert not found.coverage.covers("svr031", at(5 * DAY + 60), sources=["syslog"])
    assert found.coverage.covers("svr031", at(5 * DAY + 60))


def test_a_clock_that_is_set_is_no_gap():
    early = [*boot(0), *every(MINUTE, 9 * HOUR, 5 * DAY)]
    found = Bundle().add(MESSAGES, "syslog", early).add(AUDIT, "audit", early).build()
    assert found.source("messages").gaps == ()
    later = [*every(MINUTE, 61, DAY), (DAY, "os.clock_stepped"), *every(MINUTE, DAY + 9 * HOUR, 5 * DAY)]
    assert Bundle().add(MESSAGES, "syslog", [*boot(0), *later]).build().source("messages").gaps == ()


def test_a_server_in_a_log_that_many_write_is_only_sampled():
    mine = [r for r in every(MINUTE, 0, DAY) if not 10 * HOUR < r[0] < 14 * HOUR]
    other = every(10, 5, DAY)
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), *mine], svr047=[(1, "os.boot"), *other]).build()
    source = found.source("messages")
    assert source.shared
    assert source.gaps == ()


def test_logs_that_speak_when_something_happens_are_not_judged_by_silence():
    times = [r for r in every(MINUTE, 0, DAY) if not 10 * HOUR < r[0] < 14 * HOUR]
    for source in ("login-records", "alert-log", "script-log", "ups-log", "other"):
        found = Bundle().add("svr031/log", source, [(0, "os.boot"), *times]).build()
        assert found.coverage.sources[0].gaps == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4 * DAY), max_size=60),
    st.lists(st.integers(0, 4 * DAY), max_size=60),
    st.lists(st.integers(0, 4 * DAY), max_size=3),
)
def test_whatever_the_records_no_record_lies_in_a_gap(one, other, boots):
    found = Bundle()
    found.add(MESSAGES, "syslog", [*((t, "") for t in one), *((t, "os.boot") for t in boots), (0, "os.boot")])
    found.add(AUDIT, "audit", [*((t, "") for t in other), *((t, "os.boot") for t in boots)]).build()
    for source in found.coverage.sources:
        times = sorted((t for t in (*one, *boots, 0) if source.name == "messages"), key=float)
        for begin, end in spans(source.gaps):
            assert end - begin >= 15 * MINUTE
            assert not any(begin < t < end for t in times)
            assert not found.coverage.covers("svr031", at((begin + end) / 2), sources=[source.stream])


# ---------------------------------------------------------------- holes in rotation sets


def rotated(*numbers, span=DAY):
    """Files of a day each, the newest without a number."""
    found, newest = Bundle(), max(numbers)
    for number in numbers:
        start = (newest - number) * span
        name = MESSAGES if number == 0 else f"{MESSAGES}.{number}" + (".gz" if number > 1 else "")
        begin = [(start, "os.boot")] if number == newest else []
        found.add(name, "syslog", [*begin, *every(HOUR, start, start + span)])
    return found


def test_a_number_that_is_missing():
    found = rotated(0, 1, 3).build()
    (hole,) = found.source("messages").holes
    assert (hole.older, hole.newer) == (f"{MESSAGES}.3.gz", f"{MESSAGES}.1")
    assert hole.missing == ("messages.2",)
    assert (hole.start, hole.end) == (at(23 * HOUR), at(2 * DAY))
    assert "messages.2" in hole_text(hole, clock).en
    assert not found.coverage.covers("svr031", at(30 * HOUR))
    assert found.source("messages").gaps == ()


def test_a_complete_set_has_no_hole():
    assert rotated(0, 1, 2, 3).build().source("messages").holes == ()


def test_a_file_that_is_there_but_empty_is_no_hole():
    assert rotated(0, 1, 3).add(f"{MESSAGES}.2.gz", "syslog", []).build().source("messages").holes == ()


def test_a_missing_number_between_records_that_follow_one_another_lost_nothing():
    found = Bundle().add(f"{MESSAGES}.3", "syslog", [(0, "os.boot"), (100, "")])
    assert found.add(f"{MESSAGES}.1", "syslog", [(130, ""), (200, "")]).build().source("messages").holes == ()


def test_dates_that_leave_room_for_a_file():
    weeks = [0, 1, 2, 3, 5, 6]
    found = Bundle()
    for week in weeks:
        begin = [(0, "os.boot")] if week == 0 else []
        day = START + timedelta(days=7 * (week + 1))
        records = [*begin, *every(HOUR, week * 7 * DAY, (week + 1) * 7 * DAY)]
        found.add(f"{MESSAGES}-{day:%Y%m%d}", "syslog", records)
    (hole,) = found.build().source("messages").holes
    assert (hole.start, hole.end) == (at(28 * DAY - HOUR), at(35 * DAY))
    assert hole.missing == ()
    assert "messages-20261222" in hole_text(hole, clock).en


def test_a_file_that_grew_for_two_weeks_is_no_hole():
    found, begin = Bundle(), 0
    for end in (7, 14, 21, 28, 42, 49):
        day = START + timedelta(days=end)
        kernel = [(0, "os.boot")] if begin == 0 else []
        found.add(f"{MESSAGES}-{day:%Y%m%d}", "syslog", [*kernel, *every(HOUR, begin * DAY, end * DAY)])
        begin = end
    assert found.build().source("messages").holes == ()


# ---------------------------------------------------------------- losses


def lost(time, log="syslog", **fields):
    return (time, "os.records_lost", {"log": log, **{k: str(v) for k, v in fields.items()}})


def test_losses_in_quick_succession_are_summed_up_with_whose_they_were():
    records = [(0, "os.boot"), lost(HOUR, count=10, pid=44), lost(HOUR + 600, count=5, unit="mailer"), (2 * HOUR, "")]
    found = Bundle().add(MESSAGES, "syslog", [*records, lost(5 * HOUR, count=1), (6 * HOUR, "")]).build()
    first, second = found.source("messages").losses
    assert (first.count, first.messages, first.units) == (15, 2, ("44", "mailer"))
    assert (first.start, first.end) == (at(HOUR - 600), at(HOUR + 600))
    assert second.count == 1
    assert "15 records were lost" in loss_text(first, clock).en
    assert not found.coverage.covers("svr031", at(HOUR))
    assert found.coverage.covers("svr031", at(3 * HOUR))


def test_a_running_total_is_not_added_up_and_begins_anew():
    records = [lost(t, "audit", total=n) for t, n in ((100, 5), (200, 9), (300, 9), (400, 2))]
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), *records]).build()
    (loss,) = found.source("messages").losses
    assert (loss.log, loss.count) == ("audit", 11)


def test_a_loss_without_a_number_and_one_that_only_begins():
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), lost(HOUR, stage="begins"), (3 * HOUR, "")]).build()
    (loss,) = found.source("messages").losses
    assert loss.count is None
    assert (loss.start, loss.end) == (at(HOUR), at(HOUR + 600))
    assert "does not say how many" in loss_text(loss, clock).en


def test_a_loss_is_counted_once_and_concerns_only_the_log_that_lacks_the_records():
    records = [(0, "os.boot"), lost(HOUR, "syslog", count=7), (2 * HOUR, "")]
    found = Bundle().add("svr031/journal.txt", "journal", records).add(MESSAGES, "syslog", records).build()
    assert sum(loss.count for s in found.coverage.sources for loss in s.losses) == 7
    assert not found.coverage.covers("svr031", at(HOUR), sources=["syslog"])
    assert found.coverage.covers("svr031", at(HOUR), sources=["journal"])


def test_what_was_lost_was_lost_since_the_machine_was_started():
    records = [(0, "os.boot"), (500, ""), *stop(1000), (1060, "os.boot"), lost(1070, "kernel", count=81), (9000, "")]
    found = Bundle().add(MESSAGES, "syslog", records).build()
    assert found.source("messages").losses[0].start == at(1060)


def test_a_flood_of_losses_and_nonsense_in_their_numbers_stays_bounded():
    records = [lost(n * HOUR, count="9" * 5000) for n in range(1, 1000)]
    found = Bundle().add(MESSAGES, "syslog", [(0, "os.boot"), *records]).build()
    losses = found.source("messages").losses
    assert 0 < len(losses) <= 200
    assert sum(loss.messages for loss in losses) == 999


def test_definitions_say_which_log_lacks_the_records():
    (file,) = [file for file in load() if file.name == "losses"]
    assert {event.kind for event in file.event} == {"os.records_lost"}
    assert {event.set.get("log") for event in file.event} == {"syslog", "journal", "kernel", "audit"}


# ---------------------------------------------------------------- would a line have been seen?


def stopping():
    """messages ends a second into the stop, the journal seven seconds later."""
    until = [*boot(0), *every(MINUTE, 61, HOUR), (HOUR, "os.shutdown_started", {"mode": "halt"})]
    after = [*boot(3 * HOUR), *every(MINUTE, 3 * HOUR + 61, 4 * HOUR)]
    group = (HOUR - 30, "clusterpro.group_stopped")
    found = Bundle().add(MESSAGES, "syslog", [*until, group, (HOUR + 1, ""), *after])
    found.add("svr031/journal.txt", "journal", [*until, (HOUR + 1, ""), (HOUR + 8, "os.journal_stopped"), *after])
    return found.add(SECURE, "syslog", [(500, "os.command"), (3 * HOUR + 100, "os.command")]).build()


def test_syslog_stops_before_the_machine_does():
    found = stopping()
    covers = found.coverage.covers
    assert covers("svr031", at(HOUR), sources=[MESSAGES])
    assert not covers("svr031", at(HOUR + 1), sources=[MESSAGES])
    assert not covers("svr031", at(HOUR), at(HOUR + 5), sources=["syslog"])
    assert covers("svr031", at(HOUR), at(HOUR + 5))
    assert not covers("svr031", at(HOUR), at(HOUR + 8))


def test_nothing_is_covered_while_the_machine_is_off_or_over_its_end():
    covers = stopping().coverage.covers
    assert not covers("svr031", at(2 * HOUR))
    assert not covers("svr031", at(HOUR - 60), at(3 * HOUR + 60))
    assert not covers("svr031", at(-1))
    assert not covers("svr031", at(5 * HOUR))
    assert not covers("svr099", at(HOUR))


def test_a_list_of_boots_covers_no_other_records():
    found = Bundle().add("svr031/boots.txt", "boot-list", [(0, "os.boot"), (HOUR, "os.last_record")])
    found.add(MESSAGES, "syslog", [*boot(0), *every(MINUTE, 61, HOUR / 2)]).build()
    assert found.coverage.covers("svr031", at(HOUR / 4))
    assert not found.coverage.covers("svr031", at(HOUR * 3 / 4))


def test_only_a_log_that_holds_such_lines_can_miss_one():
    found = stopping()
    assert [s.stream for s in found.coverage.would_show("svr031", ["os.command"])] == [SECURE]
    assert [s.name for s in found.coverage.would_show("svr031", ["clusterpro.*"])] == ["messages"]
    assert found.coverage.covers("svr031", at(600), kinds=["clusterpro.*"])
    assert not found.coverage.covers("svr031", at(600), kinds=["os.command"])
    assert not found.coverage.covers("svr031", at(600), kinds=["ac.exec_command"])


def test_a_log_of_the_same_name_on_another_server_tells_what_it_would_show():
    found = Bundle().add("svr047/var/log/messages", "syslog", [*boot(0), (100, "ac.exec_command")])
    found.add(MESSAGES, "syslog", boot(0)).add("svr031/var/log/syslog", "syslog", boot(0)).build()
    assert [s.stream for s in found.coverage.would_show("svr031", ["ac.exec_command"])] == [MESSAGES]


def test_a_servers_own_log_tells_it_before_another_servers():
    found = Bundle().add("svr047/var/log/messages", "syslog", [*boot(0), (100, "ac.exec_command")])
    found.add(MESSAGES, "syslog", boot(0)).add("svr031/var/log/syslog", "syslog", [*boot(0), (100, "ac.exec_command")])
    coverage = found.build().coverage
    assert [s.stream for s in coverage.would_show("svr031", ["ac.exec_command"])] == ["svr031/var/log/syslog"]


def test_a_dead_clock_at_a_start_does_not_cover_the_time_before():
    found = Bundle()
    dead = -20000 * DAY
    first, second = [*boot(0), *every(MINUTE, 61, HOUR), *stop(HOUR)], every(MINUTE, 9 * HOUR, 12 * HOUR)
    found.add(f"{MESSAGES}.1", "syslog", first)
    found.add(MESSAGES, "syslog", [*boot(dead), *second]).build()
    assert len(found.boots["svr031"]) == 2
    assert found.source("messages").gaps == ()
    covers = found.coverage.covers
    assert covers("svr031", at(600))
    assert covers("svr031", at(10 * HOUR))
    assert not covers("svr031", at(5 * HOUR))
    assert not covers("svr031", at(dead / 2))


def test_nothing_known_covers_nothing():
    assert not Coverage().covers("svr031", START)
    assert Coverage().of("svr031") == []
