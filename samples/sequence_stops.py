"""Samples of the stop sequences: `<sequence>/<state>` → what was recorded, and what must be judged.

Two servers, svr031 and svr047, each with a business group and its AC group, start at 07:00; the stop comes at 08:00.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from samples.cluster import Mode, Server, pair
from samples.expectations import Expected, Sample, both, end, judged

MORNING = datetime(2026, 11, 24, 7, 0, 0)
STOP = datetime(2026, 11, 24, 8, 0, 0)
STARTED = both(judged, "normal-start")
CLUSTER = "clusterpro-command"


def running() -> tuple[Server, Server]:
    """Both servers have started beside each other; it is 08:00 (and 3 seconds on the second)."""
    first, second = pair(MORNING)
    first.start("svr047").at(STOP)
    second.start("svr031").at(STOP + timedelta(seconds=3))
    return first, second


def again(*machines: Server, after: float = 45) -> None:
    """They start again at once."""
    for machine in machines:
        others = [other.name for other in machines if other is not machine]
        machine.wait(after)
        machine.start(*others)


# --- clpstdn


def request(server: Server, verb: str, what: str, command: str) -> None:
    """down 1 or 2."""
    server.event("down", 1 if verb == "shutdown" else 2, f"There was a request to {verb} {what} from the {command}.")


def cluster_stop(server: Server, mode: Mode, **script: object) -> Server:
    """One server's part of clpstdn, from its groups on."""
    server.stop_groups(**script).ended("cluster")  # type: ignore[arg-type]
    server.asked(30 if mode == "halt" else 32, "stop" if mode == "halt" else "reboot").announced(mode)
    return server.os_goes(mode)


def cluster_ends(mode: str, *servers: str) -> list[Expected]:
    """Ends by clpstdn."""
    return [end(server, CLUSTER, mode, "cluster") for server in servers or ("svr031", "svr047")]


def halted(**script: object) -> tuple[Server, Server]:
    """clpstdn on both servers, and a start the next morning."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "halt", **script)
        server.at(MORNING + timedelta(days=1))
    again(first, second, after=0)
    return first, second


def cluster_halt_conforms() -> Sample:
    """clpstdn: both servers run their AC command after their business groups have stopped, and start the next morning."""
    first, second = halted()
    stops = both(judged, "cluster-shutdown-halt")
    return Sample([first, second], [*STARTED, *stops, *STARTED], cluster_ends("halt"))


def cluster_halt_deviates() -> Sample:
    """clpstdn: stop.sh of svr047 ran without its AC command."""
    first, second = running()
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    cluster_stop(second, "halt", lines=0, sleep=62)
    stops = [
        judged("svr031", "cluster-shutdown-halt", "deviates", **{
            "ac-exec-first": "observed", "ac-exec-second": "observed",
            "other-ac-exec-first@svr047": "missing", "other-ac-exec-second@svr047": "missing"}),
        judged("svr047", "cluster-shutdown-halt", "deviates", **{
            "ac-exec-first": "missing", "ac-exec-second": "missing",
            "other-ac-exec-first@svr031": "observed", "other-ac-exec-second@svr031": "observed"}),
    ]  # fmt: skip
    findings = ["cluster-shutdown-incomplete", "ups-not-told"]
    return Sample([first, second], [*STARTED, *stops], cluster_ends("halt"), findings)


def cluster_halt_unseen() -> Sample:
    """clpstdn: the logs of svr047 are not there."""
    first, _ = running()
    request(first, "shutdown", "cluster", "clpstdn")
    cluster_stop(first, "halt")
    stop = judged("svr031", "cluster-shutdown-halt", "not-observable", **{
        "ac-exec-first": "observed", "ac-exec-second": "observed",
        "other-ac-exec-first@svr047": "not-observable", "other-ac-exec-second@svr047": "not-observable"})  # fmt: skip
    return Sample([first], [STARTED[0], stop], cluster_ends("halt", "svr031"))


def cluster_reboot_conforms() -> Sample:
    """clpstdn -r: both servers run their AC command and start again."""
    first, second = running()
    request(first, "reboot", "cluster", "clpstdn")
    for server in (first, second):
        cluster_stop(server, "reboot")
    again(first, second)
    stops = both(judged, "cluster-shutdown-reboot")
    return Sample([first, second], [*STARTED, *stops, *STARTED], cluster_ends("reboot"))


def cluster_reboot_deviates() -> Sample:
    """clpstdn -r: on svr031 the AC command runs before the business group has stopped."""
    first, second = running()
    request(first, "reboot", "cluster", "clpstdn")
    cluster_stop(first, "reboot", business_first=False, takes=14)
    cluster_stop(second, "reboot")
    again(first, second)
    stops = [
        judged("svr031", "cluster-shutdown-reboot", "deviates", **{
            "ac-exec-first": "out-of-order", "ac-exec-second": "observed",
            "business-group-stopped[failover1]": "observed"}),
        judged("svr047", "cluster-shutdown-reboot"),
    ]  # fmt: skip
    return Sample([first, second], [*STARTED, *stops, *STARTED], cluster_ends("reboot"), ["stop-wait-too-short"])


def cluster_reboot_unseen() -> Sample:
    """clpstdn -r: syslog of svr047 stops before its stop.sh has waited."""
    first, second = running()
    request(first, "reboot", "cluster", "clpstdn")
    cluster_stop(first, "reboot")
    second.asked(32, "reboot").announced("reboot", daemon=False).os_goes("reboot")
    second.wait(70)
    again(first, second)
    hidden = {"ac-exec-first": "not-observable", "ac-exec-second": "not-observable", "stop-announced": "observed"}
    stops = [
        judged("svr031", "cluster-shutdown-reboot", "not-observable", **{
            "ac-exec-first": "observed", "other-ac-exec-first@svr047": "not-observable",
            "other-ac-exec-second@svr047": "not-observable"}),
        judged("svr047", "cluster-shutdown-reboot", "not-observable", **hidden, **{
            "cluster-shut-down": "not-observable", "other-ac-exec-second@svr031": "observed", "os-restarts": "observed"}),
    ]  # fmt: skip
    return Sample([first, second], [*STARTED, *stops, *STARTED], cluster_ends("reboot"))


# --- clpdown


def server_stop(server: Server, mode: Mode, **script: object) -> Server:
    """clpdown on one server."""
    verb, other = ("shutdown", "stop") if mode == "halt" else ("reboot", "reboot")
    request(server, verb, "server", "clpdown")
    server.stop_groups(**script).ended("server")  # type: ignore[arg-type]
    server.asked(30 if mode == "halt" else 32, other, "clpdown").announced(mode)
    return server.os_goes(mode)


def server_halt_conforms() -> Sample:
    """clpdown on svr031: svr047 sees it stop and takes over its business group."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(4)
    stop = judged("svr031", "server-shutdown-halt", **{
        "failover-starts[failover1]": "observed", "failover-completed[failover1]": "observed"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop], [end("svr031", CLUSTER)])


def server_halt_deviates() -> Sample:
    """clpdown on svr031: its AC group is started on svr047, too."""
    first, second = running()
    server_stop(first, "halt")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").takes_over("AC_1").daily(4)
    stop = judged("svr031", "server-shutdown-halt", "deviates", **{
        "others-see-it-stop@svr047": "observed", "ac-group-elsewhere@svr047": "forbidden-observed"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop], [end("svr031", CLUSTER)], ["ac-group-moved"])


def server_halt_unseen() -> Sample:
    """clpdown on svr031: syslog of svr047 lost records at that time."""
    first, second = running()
    server_stop(first, "halt")
    second.drops_records().at(first.now + timedelta(minutes=3)).loses_records().daily(4)
    stop = judged("svr031", "server-shutdown-halt", "not-observable", **{
        "others-see-it-stop": "not-observable", "server-shut-down": "observed"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop], [end("svr031", CLUSTER)])


def comes_back(server: Server, peer: Server) -> None:
    """A server that stopped alone starts again beside the other, which keeps its business group."""
    server.wait(45)
    server.kernel().daemon("svr047").groups().daily()
    peer.at(server.now - timedelta(minutes=30)).event("nm", 1, f"Server {server.name} has started.")
    peer.daily()


def server_reboot_conforms() -> Sample:
    """clpdown -r on svr031: svr047 takes over its business group, svr031 comes back."""
    first, second = running()
    server_stop(first, "reboot")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")
    comes_back(first, second)
    stop = judged("svr031", "server-shutdown-reboot", **{"os-restarts": "observed"})
    return Sample([first, second], [*STARTED, stop, STARTED[0]], [end("svr031", CLUSTER, "reboot")])


def server_reboot_deviates() -> Sample:
    """clpdown -r on svr031: amccmd never returns; CLUSTERPRO gives stop.sh up after half an hour."""
    first, second = running()
    request(first, "reboot", "server", "clpdown")
    first.event("rc", 20, "Stopping group failover1 has started.")
    first.event("rc", 20, "Stopping group AC_1 has started.")
    first.event("rc", 40, "Stopping exec_ac_1 resource has started.")
    first.event("rc", 21, "Stopping group failover1 has completed.", wait=12)
    first.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=18)
    first.daily(3).wait(0)
    first.event("rc", 42, "Stopping exec_ac_1 resource has failed.(11 : Timeout occurred.)")
    first.event("rc", 22, "Stopping group AC_1 has failed.")
    first.ended("server").asked(32, "reboot", "clpdown").announced("reboot").os_goes("reboot")
    second.daily(3).at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")  # type: ignore[attr-defined]
    comes_back(first, second)
    stop = judged("svr031", "server-shutdown-reboot", "deviates", **{
        "ac-exec-first": "observed", "ac-exec-second": "missing", "script-completed": "not-observable"})  # fmt: skip
    ends = [end("svr031", CLUSTER, "reboot")]
    return Sample([first, second], [*STARTED, stop, STARTED[0]], ends, ["ac-command-unfinished"])


def server_reboot_unseen() -> Sample:
    """clpdown -r on svr031: the OS stops syslog before stop.sh has waited."""
    first, second = running()
    request(first, "reboot", "server", "clpdown")
    first.asked(32, "reboot", "clpdown").announced("reboot", daemon=False).os_goes("reboot").wait(70)
    second.at(first.now).sees_down("svr031").takes_over("failover1")
    comes_back(first, second)
    stop = judged("svr031", "server-shutdown-reboot", "not-observable", **{
        "ac-exec-first": "not-observable", "ac-exec-second": "not-observable", "server-shut-down": "not-observable",
        "others-see-it-stop@svr047": "observed", "os-restarts": "observed"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop, STARTED[0]], [end("svr031", CLUSTER, "reboot")])


# --- ESMPRO/AC


def ac_stop(server: Server, reason: str, **script: object) -> Server:
    """ESMPRO/AC shuts the OS down; CLUSTERPRO stops with it."""
    server.ac(f"shutting down the OS ({reason})")
    server.os_stop("halt", cluster=False)
    server.event("pm", 2, "Shutting down the cluster daemon...")
    server.stop_groups(**script).ended("server")  # type: ignore[arg-type]
    server.log("rsyslogd", '[origin software="rsyslogd" swVersion="8.2302.0" x-pid="256" x-info="https://www.rsyslog.com"] exiting on signal 15.', wait=2)
    return server


def power_failure(server: Server, ups: str, wait: float = 120, **script: object) -> Server:
    """The UPS of a server loses its input; ESMPRO/AC waits, then shuts down."""
    server.ac(f"UPS {ups}: input power lost").wait(wait)
    return ac_stop(server, f"UPS {ups}", **script)


def power_failure_conforms() -> Sample:
    """Power failure on both servers: each follows its own UPS, they need not stop at the same time."""
    first, second = running()
    power_failure(first, "ups1")
    power_failure(second, "ups2", wait=240)
    stops = both(judged, "power-failure-stop")
    return Sample([first, second], [*STARTED, *stops], both(end, "ac-power-failure"), site_ac=True)


def power_failure_deviates() -> Sample:
    """Power failure on both servers: the business group of svr031 is never stopped, though the log goes on."""
    first, second = running()
    power_failure(first, "ups1", completed=False)
    power_failure(second, "ups2", wait=240)
    stops = [
        judged("svr031", "power-failure-stop", "deviates", **{
            "business-group-stops[failover1]": "observed", "business-group-stopped[failover1]": "missing"}),
        judged("svr047", "power-failure-stop"),
    ]  # fmt: skip
    return Sample([first, second], [*STARTED, *stops], both(end, "ac-power-failure"), ["sequence-deviation", "stop-wait-too-short"], site_ac=True)


def power_failure_unseen() -> Sample:
    """Power failure on both servers: the log of svr031 breaks off just after the OS began to stop."""
    first, second = running()
    first.ac("UPS ups1: input power lost").wait(120)
    first.ac("shutting down the OS (UPS ups1)")
    first.os_stop("halt", cluster=False)
    power_failure(second, "ups2", wait=240)
    stops = [
        judged("svr031", "power-failure-stop", "not-observable", **{
            "os-stops": "observed", "cluster-stops": "not-observable"}),
        judged("svr047", "power-failure-stop"),
    ]  # fmt: skip
    return Sample([first, second], [*STARTED, *stops], both(end, "ac-power-failure"), site_ac=True)


def partial_conforms() -> Sample:
    """Power failure on svr031 only: svr047 takes over its business group."""
    first, second = running()
    power_failure(first, "ups1")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(4)
    stop = judged("svr031", "power-failure-partial", **{"failover-completed[failover1]": "observed"})
    return Sample([first, second], [*STARTED, stop], [end("svr031", "ac-power-failure")], site_ac=True)


def partial_deviates() -> Sample:
    """Power failure on svr031 only: its AC group is started on svr047, too."""
    first, second = running()
    power_failure(first, "ups1")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").takes_over("AC_1").daily(4)
    stop = judged("svr031", "power-failure-partial", "deviates", **{
        "failover-completed[failover1]": "observed", "ac-group-elsewhere@svr047": "forbidden-observed"})  # fmt: skip
    ends = [end("svr031", "ac-power-failure")]
    return Sample([first, second], [*STARTED, stop], ends, ["ac-group-moved"], site_ac=True)


def partial_unseen() -> Sample:
    """Power failure on svr031 only: syslog of svr047 lost records at that time."""
    first, second = running()
    power_failure(first, "ups1")
    second.wait(120).drops_records().at(first.now + timedelta(minutes=3)).loses_records().daily(4)  # type: ignore[attr-defined]
    stop = judged("svr031", "power-failure-partial", "not-observable", **{
        "cluster-stops": "observed", "others-see-it-stop": "not-observable"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop], [end("svr031", "ac-power-failure")], site_ac=True)


def schedule_conforms() -> Sample:
    """The schedule's OFF time: ESMPRO/AC shuts both servers down."""
    first, second = running()
    for server in (first, second):
        ac_stop(server.ac("schedule: power off now"), "schedule")
    stops = both(judged, "schedule-stop")
    return Sample([first, second], [*STARTED, *stops], both(end, "ac-schedule"), site_ac=True)


def schedule_deviates() -> Sample:
    """The schedule's OFF time: on svr047 the second line of stop.sh is missing though the script ended."""
    first, second = running()
    ac_stop(first.ac("schedule: power off now"), "schedule")
    ac_stop(second.ac("schedule: power off now"), "schedule", lines=1)
    stops = [
        judged("svr031", "schedule-stop"),
        judged("svr047", "schedule-stop", "deviates", **{
            "ac-exec-first": "observed", "ac-exec-second": "missing", "script-completed": "observed"}),
    ]  # fmt: skip
    ends = both(end, "ac-schedule")
    return Sample([first, second], [*STARTED, *stops], ends, ["ac-command-unfinished"], site_ac=True)


def schedule_unseen() -> Sample:
    """The schedule's OFF time: syslog of svr047 is stopped before CLUSTERPRO stops."""
    first, second = running()
    ac_stop(first.ac("schedule: power off now"), "schedule")
    second.ac("schedule: power off now").ac("shutting down the OS (schedule)").os_goes("halt")
    stops = [
        judged("svr031", "schedule-stop"),
        judged("svr047", "schedule-stop", "not-observable", **{
            "schedule-off": "observed", "os-stops": "observed", "cluster-stops": "not-observable"}),
    ]  # fmt: skip
    return Sample([first, second], [*STARTED, *stops], both(end, "ac-schedule"), site_ac=True)


# --- the forbidden path, and CLUSTERPRO by itself


def os_command_deviates() -> Sample:
    """`shutdown -h now` by a person on svr031: stop.sh runs with an empty option, svr047 takes over."""
    first, second = running()
    first.login("ope1", tty="pts/0").sudo("ope1", "/usr/sbin/shutdown -h now").os_stop("halt", cluster=False)
    first.event("pm", 24, "The cluster daemon will be stopped.")
    first.event("pm", 2, "Shutting down the cluster daemon...")
    first.stop_groups()
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1").daily(4)
    stop = judged("svr031", "os-command", "deviates", **{
        "os-command": "forbidden-observed", "ac-exec-first": "observed", "ac-exec-second": "observed"})  # fmt: skip
    return Sample([first, second], [*STARTED, stop], [end("svr031", "os-command")], ["os-command-shutdown"])


def os_command_unseen() -> Sample:
    """The OS of svr031 is halted while a person is logged in; nothing records who asked."""
    first, second = running()
    first.login("ope1").os_stop("halt", cluster=False)
    first.event("pm", 24, "The cluster daemon will be stopped.")
    first.event("pm", 2, "Shutting down the cluster daemon...")
    second.at(first.now + timedelta(seconds=90)).sees_down("svr031").takes_over("failover1").daily(4)
    stop = judged("svr031", "os-command", "not-observable")
    ends = [end("svr031", "os-command", confidence="possible")]
    return Sample([first, second], [*STARTED, stop], ends, ["os-command-shutdown"])


def disk_error(server: Server, **script: object) -> Server:
    """A disk monitor's error and its final action."""
    detail = "8 : Failed to open the device. Check the disk device /dev/sdb."
    server.event("rm", 9, f"Detected an error in monitoring diskw1. ({detail})")
    server.event("rm", 17, "Rebooting the system has been required because an error was detected in monitoring diskw1.")
    server.event("pm", 32, "Received a request to reboot the system from rm.")
    server.announced("reboot").stop_groups(**script).ended("server")  # type: ignore[arg-type]
    return server.os_goes("reboot")


RECOVERY = [end("svr031", "clusterpro-recovery", "reboot")]


def recovery_conforms() -> Sample:
    """A disk monitor's error in operation: svr031 reboots, and that helps."""
    first, second = running()
    disk_error(first)
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")
    comes_back(first, second)
    stop = judged("svr031", "recovery-reboot", **{"business-group-stopped[failover1]": "observed"})
    return Sample([first, second], [*STARTED, stop, STARTED[0]], RECOVERY)


def recovery_deviates() -> Sample:
    """A disk monitor's error in operation: svr031 reboots, and 20 minutes later again."""
    first, second = running()
    disk_error(first)
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031").takes_over("failover1")
    first.wait(45)
    first.kernel().daemon("svr047").groups().daily(2)
    second.at(first.now - timedelta(minutes=20)).event("nm", 1, "Server svr031 has started.")
    disk_error(first, business="")
    second.at(first.now + timedelta(seconds=30)).sees_down("svr031")
    comes_back(first, second)
    stops = [judged("svr031", "recovery-reboot", "deviates", again="forbidden-observed"), judged("svr031", "recovery-reboot")]
    sequences = [*STARTED, stops[0], STARTED[0], stops[1], STARTED[0]]
    return Sample([first, second], sequences, [*RECOVERY, *RECOVERY], ["sequence-deviation"])


def recovery_unseen() -> Sample:
    """A disk monitor's error in operation: the log of svr031 breaks off while its groups stop."""
    first, second = running()
    detail = "8 : Failed to open the device. Check the disk device /dev/sdb."
    first.event("rm", 9, f"Detected an error in monitoring diskw1. ({detail})")
    first.event("rm", 17, "Rebooting the system has been required because an error was detected in monitoring diskw1.")
    first.event("pm", 32, "Received a request to reboot the system from rm.")
    first.announced("reboot")
    first.event("rc", 20, "Stopping group failover1 has started.").wait(60)
    second.at(first.now).sees_down("svr031").takes_over("failover1")
    comes_back(first, second)
    stop = judged("svr031", "recovery-reboot", "not-observable", **{
        "business-group-stops[failover1]": "observed", "business-group-stopped[failover1]": "not-observable",
        "os-stops": "not-observable", "os-restarts": "observed"})  # fmt: skip
    ends = [end("svr031", "clusterpro-recovery", "reboot", "unknown")]
    return Sample([first, second], [*STARTED, stop, STARTED[0]], ends)


SAMPLES = {
    "cluster-shutdown-halt/conforms": cluster_halt_conforms,
    "cluster-shutdown-halt/deviates": cluster_halt_deviates,
    "cluster-shutdown-halt/not-observable": cluster_halt_unseen,
    "cluster-shutdown-reboot/conforms": cluster_reboot_conforms,
    "cluster-shutdown-reboot/deviates": cluster_reboot_deviates,
    "cluster-shutdown-reboot/not-observable": cluster_reboot_unseen,
    "server-shutdown-halt/conforms": server_halt_conforms,
    "server-shutdown-halt/deviates": server_halt_deviates,
    "server-shutdown-halt/not-observable": server_halt_unseen,
    "server-shutdown-reboot/conforms": server_reboot_conforms,
    "server-shutdown-reboot/deviates": server_reboot_deviates,
    "server-shutdown-reboot/not-observable": server_reboot_unseen,
    "power-failure-stop/conforms": power_failure_conforms,
    "power-failure-stop/deviates": power_failure_deviates,
    "power-failure-stop/not-observable": power_failure_unseen,
    "power-failure-partial/conforms": partial_conforms,
    "power-failure-partial/deviates": partial_deviates,
    "power-failure-partial/not-observable": partial_unseen,
    "schedule-stop/conforms": schedule_conforms,
    "schedule-stop/deviates": schedule_deviates,
    "schedule-stop/not-observable": schedule_unseen,
    "os-command/deviates": os_command_deviates,
    "os-command/not-observable": os_command_unseen,
    "recovery-reboot/conforms": recovery_conforms,
    "recovery-reboot/deviates": recovery_deviates,
    "recovery-reboot/not-observable": recovery_unseen,
}
