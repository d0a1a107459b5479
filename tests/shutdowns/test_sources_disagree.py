"""Sources that tell different stories of one end: a positive mark outweighs silence, and the reader is told."""

from __future__ import annotations

import pytest

BOOT = "[2] [00000] [~~  ] [reboot  ] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{time},000000+00:00]"
STOP = "[1] [00000] [~~  ] [shutdown] [~           ] [5.14.0              ] [0.0.0.0        ] [2026-11-24T{time},000000+00:00]"


@pytest.mark.parametrize("recorded", [True, False])
def test_a_stop_that_wtmp_does_not_know(machine, case, tmp_path, recorded):
    log = machine().boot().wait(600).sudo("ope1", "/sbin/shutdown -r now").os_stop("reboot").wait(60).boot()
    stops = [STOP.format(time="00:10:09")] if recorded else []
    folder = tmp_path / "svr031"
    folder.mkdir()
    lines = [BOOT.format(time="00:00:00"), *stops, BOOT.format(time="00:11:10")]
    (folder / "utmpdump.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = case(log, tz="Asia/Tokyo")
    assert [(s.trigger, s.actor, s.confidence) for s in found.shutdowns] == [("os-command", "ope1", "certain")]
    assert len(found.boots) == 2
    against = [r for r in found.shutdowns[0].reasons if "login records" in r.text.en]
    assert [(r.weight, [e.line for e in r.evidence]) for r in against] == ([] if recorded else [("against", [2])])


def test_wtmp_alone_does_not_say_who(case, tmp_path):
    folder = tmp_path / "svr031"
    folder.mkdir()
    lines = [
        BOOT.format(time="00:00:00"),
        STOP.format(time="00:10:09"),
        BOOT.format(time="00:11:10"),
        BOOT.format(time="00:20:00"),
    ]
    (folder / "utmpdump.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = case()
    # A start without a stop before it is only a candidate for a sudden end.
    assert [(s.trigger, s.mode, s.actor) for s in found.shutdowns] == [("unknown", "unknown", None)] * 2
    assert [b.end_state for b in found.boots] == ["clean", "unknown", "running"]
    assert found.findings == []


@pytest.mark.parametrize(
    "other",
    [
        ("CRON", "(root) CMD (/opt/site/weekly.sh)", 600),
        ("systemd", "Starting weekly-restart.service - Weekly restart...", 1),
        ("systemd", "Started weekly-restart.service - Weekly restart.", 1),
        ("siteagent", "job 55: executing action 4", 777),
        None,
    ],
)
def test_nobody_is_named_on_circumstance_where_something_else_began_in_the_same_seconds(machine, end, other):
    log = machine().boot().wait(900).login("ope1").wait(30)
    log.log(
        "su", "pam_unix(su-l:session): session opened for user root(uid=0) by ope1(uid=1000)", pid=480, file="secure"
    )
    log.wait(20)
    if other is not None:
        program, text, pid = other
        log.log(program, text, pid=pid)
    found = end(log.wait(2).os_stop("reboot").wait(60).boot())
    expected = ("likely", "ope1") if other is None else ("possible", None)
    assert (found.trigger, found.confidence, found.actor) == ("os-command", *expected)


CRON_STARTED = ("crond", "(CRON) STARTUP (1.5.7)")
SSHD_STARTED = ("sshd", "Server listening on 0.0.0.0 port 22.")


@pytest.mark.parametrize(
    ("program", "text", "file", "daemon"),
    [
        ("CROND", "(root) CMD (/opt/site/weekly.sh)", "cron", CRON_STARTED),
        # Where the machine stays off, it is the last line of its log.
        ("CROND", "(root) CMD (/opt/site/weekly.sh)", "cron", None),
        ("atd", "pam_unix(atd:session): session opened for user root(uid=0) by (uid=0)", "secure", None),
        ("anacron", "Job `cron.weekly' started", "cron", CRON_STARTED),
        ("siteagent", "job 55: executing action 4", "cron", CRON_STARTED),
        ("atd", "pam_unix(atd:session): session opened for user root(uid=0) by (uid=0)", "secure", SSHD_STARTED),
        ("CROND", "pam_unix(crond:session): session opened for user root(uid=0) by (uid=0)", "secure", SSHD_STARTED),
    ],
)
@pytest.mark.parametrize("before", [2, 50])
def test_what_began_is_seen_in_logs_without_the_lines_of_the_stop(machine, end, program, text, file, daemon, before):
    # RHEL's syslog keeps cron and authpriv out of messages, and everything of the stop out of theirs.
    log = machine().boot().wait(900).login("ope1").wait(30)
    log.log(
        "su", "pam_unix(su-l:session): session opened for user root(uid=0) by ope1(uid=1000)", pid=480, file="secure"
    )
    log.wait(20).log(program, text, pid=777, file=file).wait(before).os_stop("reboot").wait(60).boot()
    if daemon is not None:
        log.log(daemon[0], daemon[1], pid=800, file=file)
    found = end(log)
    expected = ("possible", None) if before == 2 else ("likely", "ope1")
    assert (found.trigger, found.confidence, found.actor) == ("os-command", *expected)


@pytest.mark.parametrize(
    ("program", "message", "decided"),
    [
        ("sbd", "inquisitor_child: Rebooting the node at the request of /dev/sdx1", False),
        ("watchdog", "going to shut down, load average too high", False),
        ("clusterpro", "<type: pm><event: 9999> The machine will be rebooted in a way nobody described.", False),
        ("upsmon", "Host going down because of the UPS", False),
        ("pacemaker-controld", "We were told to reboot ourselves", False),
        # Says nothing of an end, or is no agent.
        ("upsmon", "Login on UPS [ups1@localhost] accepted", True),
        ("upsd", "Connected to UPS [ups1]: dummy-ups-ups1", True),
        ("systemd-logind", "Watching system buttons on /dev/input/event0 (Power Button)", True),
    ],
)
def test_what_a_known_agent_says_in_unknown_words_is_not_silence(machine, end, case, program, message, decided):
    log = machine().boot().wait(900).login("ope1").wait(30)
    log.log(
        "su", "pam_unix(su-l:session): session opened for user root(uid=0) by ope1(uid=1000)", pid=480, file="secure"
    )
    log.wait(20).log(program, message, pid=777).wait(30).os_stop("reboot").wait(60).boot()
    found = end(log)
    expected = ("os-command", "likely", "ope1") if decided else ("unknown", "possible", None)
    assert (found.trigger, found.confidence, found.actor) == expected
    told = [reason for reason in found.reasons if program in reason.text.en and reason.evidence]
    rules = [finding.rule for finding in case(log).findings]
    assert bool(told) is not decided
    # CLUSTERPRO's own form is read, whatever its number means: it is on the timeline, and no program to define.
    assert ("unclassified-near-shutdown" in rules) is (not decided and program != "clusterpro")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("upsmon", "Executing automatic power-fail shutdown"),
        ("upsmon", "Auto logout and shutdown proceeding"),
        ("apcupsd", "Initiating system shutdown!"),
    ],
)
def test_beside_an_agents_decision_nobody_else_is_accused(machine, end, program, message):
    # The agent's command may be set to reboot, which is not what it usually does.
    log = machine().boot().wait(900).login("root").wait(30).log(program, message, pid=700).wait(5)
    found = end(log.os_stop("reboot").wait(60).boot())
    assert (found.trigger, found.actor) != ("os-command", "root")
    assert (found.trigger, found.confidence) != ("os-command", "likely")
