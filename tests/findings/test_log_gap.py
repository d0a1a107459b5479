"""log-gap: near an end, or while other logs go on; never for a quiet server."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from acforensics.coverage import Coverage
from acforensics.findings.context import FindingContext
from acforensics.findings.log_gap import find
from acforensics.shutdowns import Judgement
from acforensics.shutdowns.reasons import Hypothesis
from acforensics.shutdowns.view import StopView
from tests.coverage.bundle import DAY, HOUR, MINUTE, Bundle, boot, every, stop

MESSAGES, AUDIT = "svr031/var/log/messages", "svr031/var/log/audit/audit.log"


def context(found: Bundle) -> FindingContext:
    """Every boot that another one follows has ended, nobody knows why."""
    found.build()
    judgements = [
        Judgement(StopView(boot), "unknown", Hypothesis("unknown", "possible", boot.last))
        for boots in found.boots.values()
        for boot in boots
        if boot.following is not None
    ]
    ids = {id(j): f"{j.boot.id}/end" for j in judgements}
    return FindingContext(found.boots, judgements, ids, UTC, coverage=found.coverage)


def day(*silence, end=DAY, losses=()):
    """A day with a record a minute but for one silence, a stop, and the next start."""
    records = [r for r in every(MINUTE, 61, end) if not (silence and silence[0] < r[0] < silence[1])]
    extra = [(at, "os.records_lost", {"log": "syslog", "count": "40"}) for at in losses]
    return [*boot(0), *records, *extra, *stop(end), *boot(end + HOUR), *every(MINUTE, end + HOUR + 61, end + 2 * HOUR)]


def test_a_steady_log_and_an_idle_one_have_none():
    assert find(context(Bundle().add(MESSAGES, "syslog", day()))) == []
    idle = [*boot(0), *every(HOUR, 17 * MINUTE, DAY), *stop(DAY), *boot(DAY + HOUR)]
    found = Bundle().add(MESSAGES, "syslog", idle).add(AUDIT, "audit", day())
    assert find(context(found)) == []


def test_a_silent_log_while_another_goes_on():
    found = context(Bundle().add(MESSAGES, "syslog", day(10 * HOUR, 14 * HOUR)).add(AUDIT, "audit", day()))
    (finding,) = find(found)
    assert (finding.rule, finding.severity, finding.servers) == ("log-gap", "info", ["svr031"])
    assert finding.related == []
    assert finding.end - finding.start == timedelta(hours=4, minutes=1)
    assert MESSAGES in finding.title.en and AUDIT in finding.summary.en
    assert "touches" not in finding.summary.en
    for told in (finding.title, finding.summary, finding.advice, finding.reference):
        assert told.en != told.ja
    assert [e.kind for e in finding.evidence] == ["os.boot", "os.shutdown_started"]
    assert all(e.line for e in finding.evidence)


def test_a_silence_of_the_only_log_far_from_an_end_is_not_told():
    assert find(context(Bundle().add(MESSAGES, "syslog", day(10 * HOUR, 14 * HOUR)))) == []


@pytest.mark.parametrize(("until", "told"), [(23 * HOUR + 2 * MINUTE, True), (22 * HOUR + 58 * MINUTE, False)])
def test_the_hour_before_an_end_counts(until, told):
    found = find(context(Bundle().add(MESSAGES, "syslog", day(20 * HOUR, until))))
    assert bool(found) is told
    if told:
        assert found[0].related == ["svr031#1/end"]
        assert "touches the end" in found[0].summary.en


def test_a_missing_file_before_an_end():
    found = Bundle()
    records = day()
    for name, begin, end in ((f"{MESSAGES}.3", -1, 8 * HOUR), (f"{MESSAGES}.1", 23.5 * HOUR, 24 * HOUR)):
        found.add(name, "syslog", [r for r in records if begin < r[0] < end])
    found.add(MESSAGES, "syslog", [r for r in records if r[0] >= 24 * HOUR])
    (finding,) = find(context(found))
    assert "messages.2" in finding.summary.en
    assert finding.related == ["svr031#1/end"]


@pytest.mark.parametrize(
    ("at", "told"),
    [(23.5 * HOUR, True), (12 * HOUR, False), (DAY + HOUR + 5, False)],
)
def test_a_loss_is_told_near_an_end_not_at_the_next_start(at, told):
    found = find(context(Bundle().add(MESSAGES, "syslog", day(losses=[at]))))
    assert bool(found) is told
    if told:
        assert found[0].evidence[0].kind == "os.records_lost"
        assert "40 records" in found[0].summary.en


def test_one_finding_for_each_source_with_a_bounded_text():
    losses = [(23 * 60 + 1 + 16 * n) * MINUTE for n in range(4)]
    found = Bundle().add(MESSAGES, "syslog", day(10 * HOUR, 14 * HOUR, losses=losses)).add(AUDIT, "audit", day())
    (finding,) = find(context(found))
    assert finding.summary.en.count("records were lost") == 2
    assert "2 more" in finding.summary.en
    assert len(finding.evidence) <= 12


def test_nothing_known_gives_nothing():
    assert find(FindingContext({}, [], {}, UTC)) == []
    assert FindingContext({}, [], {}, UTC).coverage == Coverage()
