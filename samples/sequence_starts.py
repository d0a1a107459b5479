"""Samples of the start sequences: `<sequence>/<state>` → what was recorded, and what must be judged."""

from __future__ import annotations

from datetime import datetime, timedelta

from samples.cluster import Server, pair
from samples.expectations import Sample, both, end, judged
from samples.scenario import Machine
from samples.sequence_stops import STARTED, cluster_ends, cluster_stop, request, running

MORNING = datetime(2026, 11, 25, 7, 0, 0)
DAY = timedelta(days=1)
NIGHT = [*STARTED, *both(judged, "cluster-shutdown-halt")]
"""What is judged of a day that began and ended in order."""
TIMEOUT = "Timeout occurred during the wait for startup of all servers."


def after_a_day() -> tuple[Server, Server]:
    """Both servers ran for a day and were stopped by clpstdn; it is the next morning."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
    first.at(MORNING)
    second.at(MORNING + timedelta(seconds=4))
    return first, second


def normal_conforms() -> Sample:
    """Both servers start, wait for each other, and start their groups."""
    first, second = pair(MORNING)
    first.start("svr047")
    second.start("svr031")
    return Sample([first, second], STARTED, [])


def normal_deviates() -> Sample:
    """The AC group of svr031 does not start, though the log goes on."""
    first, second = after_a_day()
    first.kernel().daemon("svr047").groups("failover1", ac=False).daily()
    second.start("svr031")
    starts = [judged("svr031", "normal-start", "deviates", **{
        "all-up": "observed", "group-activated[failover1]": "observed", "ac-group-activated": "missing"}), STARTED[1]]  # fmt: skip
    return Sample([first, second], [*NIGHT, *starts], cluster_ends("halt"), ["sequence-deviation"])


def normal_unseen() -> Sample:
    """The log of svr031 was collected while it was still waiting for svr047."""
    first, second = after_a_day()
    first.kernel().event("pm", 1, "Starting the cluster daemon...", wait=10)
    first.event("nm", 1, "Server svr031 has started.").event("nm", 5, "Waiting for all servers to start.")
    second.start("svr031")
    starts = [judged("svr031", "normal-start", "not-observable", **{
        "waits": "observed", "all-up": "not-observable", "ac-group-activated": "not-observable"}), STARTED[1]]  # fmt: skip
    return Sample([first, second], [*NIGHT, *starts], cluster_ends("halt"))


def alone(server: Server) -> Server:
    """A server that waits in vain for the other."""
    server.kernel().daemon().event("nm", 7, TIMEOUT, wait=300)
    return server


def missing_conforms() -> Sample:
    """svr047 does not start: after five minutes its business group starts on svr031, its AC group does not."""
    first, second = after_a_day()
    alone(first).groups("failover1", "failover2").daily()
    start = judged("svr031", "start-with-missing-peer", **{
        "wait-ends": "observed", "group-activated[failover2]": "observed"})  # fmt: skip
    return Sample([first, second], [*NIGHT, start], cluster_ends("halt"), ["startup-wait-timeout"])


def missing_deviates() -> Sample:
    """svr047 does not start: its AC group starts on svr031, too. The day before had been in order."""
    first, second = after_a_day()
    for server, other in ((first, "svr047"), (second, "svr031")):
        server.start(other).at(MORNING + timedelta(hours=1))
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt")
    first.at(MORNING + DAY)
    alone(first).groups("failover1", "failover2").activate("AC_2").daily()
    start = judged("svr031", "start-with-missing-peer", "deviates", **{
        "wait-ends": "observed", "ac-group-activated": "observed", "ac-group-elsewhere": "forbidden-observed"})  # fmt: skip
    return Sample([first, second], [*NIGHT, *NIGHT, start], [*cluster_ends("halt")] * 2, ["ac-group-moved", "startup-wait-timeout"])


def missing_unseen() -> Sample:
    """svr047 does not start: the log of svr031 was collected when the wait had just ended."""
    first, second = after_a_day()
    alone(first)
    start = judged("svr031", "start-with-missing-peer", "not-observable", **{
        "wait-ends": "observed", "ac-group-activated": "not-observable"})  # fmt: skip
    return Sample([first, second], [*NIGHT, start], cluster_ends("halt"), ["startup-wait-timeout"])


def disk_conforms() -> Sample:
    """The shared disk is there in time: a normal start, in which its monitor starts."""
    first, second = pair(MORNING)
    for server, other in ((first, "svr047"), (second, "svr031")):
        server.kernel().daemon(other).groups(server.group)
        server.event("rm", 1, "Monitoring diskw1 has started.", wait=5)
        server.daily()
    return Sample([first, second], STARTED, [])


def disk_deviates() -> Sample:
    """The shared disk's UPS comes on late: svr031 reboots once, then the disk is there."""
    first, second = pair(MORNING)
    first.kernel().daemon("svr047").groups("failover1")
    first.disk_error_reboot().wait(45)
    first.kernel().daemon("svr047").groups("failover1")
    first.event("rm", 1, "Monitoring diskw1 has started.", wait=20)
    first.event("rm", 26, "Monitoring diskw1 status changed from error to normal.", wait=30)
    first.daily()
    second.start("svr031")
    sequences = [
        judged("svr031", "shared-disk-late", "deviates", **{"disk-error": "forbidden-observed", "final-action": "observed"}),
        STARTED[1], judged("svr031", "recovery-reboot"), STARTED[0],
    ]  # fmt: skip
    ends = [end("svr031", "clusterpro-recovery", "reboot")]
    return Sample([first, second], sequences, ends, ["shared-disk-late"])


def disk_unseen() -> Sample:
    """svr031 starts while its syslog loses records: whether the disk was there cannot be told."""
    first, second = pair(MORNING)
    first.kernel().drops_records().wait(120).log(
        "rsyslogd", "imjournal: 60 messages lost due to rate-limiting"
    )
    first.daily()
    second.start("svr031")
    starts = [judged("svr031", "normal-start", "not-observable", **{
        "daemon-starts": "not-observable", "ac-group-activated": "not-observable"}), STARTED[1]]  # fmt: skip
    return Sample([first, second], starts, [])


# --- power returns


OUTAGE = timedelta(minutes=30)
POWER_LOSS = [end(server, "power-loss", "unknown", confidence="likely") for server in ("svr031", "svr047")]


def outage() -> tuple[Server, Server, Machine]:
    """Both servers lose their power at 08:00, the control terminal does not; it is half an hour later."""
    first, second = running()
    terminal = Machine("ctl001", MORNING - DAY)
    terminal.boot(cluster=False)
    for _ in range(9):
        terminal.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=600)
    for machine in (first, second, terminal):
        machine.at(MORNING - DAY + timedelta(hours=1, minutes=40))
        for text in ("UPS ups0@ctl001: on battery", "UPS ups0@ctl001: on line power", "UPS ups0@ctl001: on battery"):
            machine.log("ACDAEMON", text, pid=812, wait=9)
        machine.wait(OUTAGE.total_seconds())
    return first, second, terminal


def turns_on(machine: Machine, load: str, wait: float = 1) -> None:
    """A UPS turns its output on."""
    machine.log("ACDAEMON", f"UPS of {load}: output turned on", pid=812, wait=wait)


def go_on(first: Server, second: Server, terminal: Machine) -> None:
    """Both servers start; the terminal writes for as long."""
    first.start("svr047", recovered=True)
    second.start("svr031", recovered=True)
    for _ in range(4):
        terminal.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=600)


def power_returned(verdict: str = "conforms", **steps: str) -> list[dict[str, object]]:
    """Both starts, seen from a control terminal of its own."""
    starts = [(judged(s, "normal-start"), judged(s, "terminal-separate", verdict, **steps)) for s in ("svr031", "svr047")]
    return [*STARTED, *(one for start in starts for one in start)]


def separate_conforms() -> Sample:
    """A control terminal of its own turns the shared disk's UPS on first, then the servers'."""
    first, second, terminal = outage()
    turns_on(terminal, "disk1")
    turns_on(terminal, "svr031", wait=60)
    turns_on(terminal, "svr047")
    for server in (first, second):
        server.wait(100)
    go_on(first, second, terminal)
    sequences = power_returned(**{"disk-ups-on": "observed", "server-starts": "observed"})
    return Sample([first, second, terminal], sequences, POWER_LOSS, ["power-loss"], site_ac=True)


def separate_deviates() -> Sample:
    """A control terminal of its own turns the servers' UPSs on four minutes before the shared disk's."""
    first, second, terminal = outage()
    turns_on(terminal, "svr031")
    turns_on(terminal, "svr047")
    turns_on(terminal, "disk1", wait=240)
    for server in (first, second):
        server.wait(40)
    go_on(first, second, terminal)
    sequences = power_returned("deviates", **{"disk-ups-on": "observed", "server-ups-on": "out-of-order", "server-starts": "out-of-order"})
    findings = ["power-loss", "sequence-deviation"]
    return Sample([first, second, terminal], sequences, POWER_LOSS, findings, site_ac=True)


def separate_unseen() -> Sample:
    """A control terminal of its own: its log lost records, the shared disk's UPS is not in it."""
    first, second, terminal = outage()
    terminal.log("rsyslogd", "imjournal: begin to drop messages due to rate-limiting", wait=1)
    terminal.log("rsyslogd", "imjournal: 9 messages lost due to rate-limiting", wait=60)
    turns_on(terminal, "svr031")
    turns_on(terminal, "svr047")
    for server in (first, second):
        server.wait(100)
    go_on(first, second, terminal)
    sequences = power_returned("not-observable", **{"disk-ups-on": "not-observable", "server-starts": "observed"})
    return Sample([first, second, terminal], sequences, POWER_LOSS, ["power-loss"], site_ac=True)


def shared(*, disk: bool) -> tuple[Server, Server]:
    """svr031 is the control terminal: it starts first and then sees the UPSs."""
    first, second, _ = outage()
    first.kernel(recovered=True).daemon("svr047")
    if disk:
        turns_on(first, "disk1", wait=20)
    turns_on(first, "svr031")
    first.groups("failover1").daily()
    second.start("svr031", recovered=True)
    return first, second


def shared_conforms() -> Sample:
    """A cluster server is the control terminal: svr031 starts before the shared disk's UPS, which is no fault."""
    first, second = shared(disk=True)
    readings = [
        judged("svr031", "normal-start"),
        judged("svr031", "terminal-separate", "not-observable", **{"server-starts": "out-of-order"}),
        judged("svr031", "terminal-shared", **{"disk-ups-on": "observed"}),
    ]
    sequences = [*STARTED, *readings, *readings_of_second()]
    return Sample([first, second], sequences, POWER_LOSS, ["power-loss"], site_ac=True)


def readings_of_second() -> list[dict[str, object]]:
    """What svr031 recorded is looked at for svr047, too."""
    return [
        judged("svr047", "normal-start"),
        judged("svr047", "terminal-separate", "not-observable"),
        judged("svr047", "terminal-shared"),
    ]


def shared_unseen() -> Sample:
    """A cluster server is the control terminal: when the shared disk's UPS came on is not recorded."""
    first, second = shared(disk=False)
    hidden = {"disk-ups-on": "not-observable"}
    readings = [
        judged(server, name, verdict, **steps)
        for server in ("svr031", "svr047")
        for name, verdict, steps in (
            ("normal-start", "conforms", {}),
            ("terminal-separate", "not-observable", hidden),
            ("terminal-shared", "not-observable", hidden),
        )
    ]
    return Sample([first, second], [*STARTED, *readings], POWER_LOSS, ["power-loss"], site_ac=True)


SAMPLES = {
    "normal-start/conforms": normal_conforms,
    "normal-start/deviates": normal_deviates,
    "normal-start/not-observable": normal_unseen,
    "start-with-missing-peer/conforms": missing_conforms,
    "start-with-missing-peer/deviates": missing_deviates,
    "start-with-missing-peer/not-observable": missing_unseen,
    "shared-disk-late/conforms": disk_conforms,
    "shared-disk-late/deviates": disk_deviates,
    "shared-disk-late/not-observable": disk_unseen,
    "terminal-separate/conforms": separate_conforms,
    "terminal-separate/deviates": separate_deviates,
    "terminal-separate/not-observable": separate_unseen,
    "terminal-shared/conforms": shared_conforms,
    "terminal-shared/not-observable": shared_unseen,
}
