"""A cluster of two servers for the samples of sequences: business groups beside ESMPRO/AC's, and what the peers see.

The order of CLUSTERPRO's lines follows what is known of its message list; it is no recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from samples.scenario import Machine

Mode = Literal["halt", "reboot"]


@dataclass
class Server(Machine):
    """A server with its own business group and AC group, both run there."""

    group: str = "failover1"

    @property
    def exec_name(self) -> str:
        """The exec resource in its AC group."""
        return "exec_" + self.ac_group.lower()

    # --- start

    def kernel(self, *, recovered: bool = False) -> Server:
        """The OS starts, without CLUSTERPRO."""
        self.boot(recovered=recovered, cluster=False)
        return self

    def daemon(self, *others: str) -> Server:
        """CLUSTERPRO starts, waits for the others and sees them."""
        self.event("pm", 1, "Starting the cluster daemon...", wait=10)
        self.event("nm", 1, f"Server {self.name} has started.", wait=2)
        self.event("nm", 5, "Waiting for all servers to start.")
        if others:
            for other in others:
                self.event("nm", 3, f"Resource lankhb1 of server {other} has started.", wait=4)
                self.event("nm", 1, f"Server {other} has started.")
            self.event("nm", 6, "All servers have started.")
        return self

    def groups(self, *names: str, ac: bool = True) -> Server:
        """The given business groups start, and the AC group of this server."""
        for name in names:
            self.activate(name)
        if not ac:
            return self
        self.event("rc", 10, f"Activating group {self.ac_group} has started.")
        self.event("rc", 30, f"Activating {self.exec_name} resource has started.")
        self.event("rc", 31, f"Activating {self.exec_name} resource has completed.")
        self.event("rc", 11, f"Activating group {self.ac_group} has completed.")
        return self

    def activate(self, group: str) -> Server:
        """One group starts."""
        self.event("rc", 10, f"Activating group {group} has started.")
        self.event("rc", 11, f"Activating group {group} has completed.", wait=6)
        return self

    def start(self, *others: str, recovered: bool = False) -> Server:
        """A whole start beside the others; afterwards the machine goes on to write its daily lines."""
        return self.kernel(recovered=recovered).daemon(*others).groups(self.group).daily()

    def daily(self, times: int = 3, every: float = 600) -> Server:
        """Lines of an ordinary day: they show that the log goes on."""
        for _ in range(times):
            self.log("CROND", "(root) CMD (run-parts /etc/cron.hourly)", pid=None, wait=every)
        return self

    # --- stop

    def asked(self, number: int, verb: str, requester: str = "clpstdn") -> Server:
        """The daemon receives the request: pm 30 or 32."""
        self.event("pm", number, f"Received a request to {verb} the system from {requester}.")
        return self

    def announced(self, mode: Mode, *, daemon: bool = True) -> Server:
        """pm 23 or 25, then pm 2 (`daemon`)."""
        number, future = (23, "stopped") if mode == "halt" else (25, "rebooted")
        self.event("pm", number, f"The system will be {future}.")
        if daemon:
            self.event("pm", 2, "Shutting down the cluster daemon...")
        return self

    def stop_groups(
        self,
        *,
        lines: int = 2,
        business: str | None = None,
        takes: float = 12,
        sleep: float = 30,
        completed: bool = True,
        business_first: bool = True,
    ) -> Server:
        """The business group stops while stop.sh of the AC group waits; then `lines` of its two lines.

        `completed`: rc 21 of the business group is written; `business_first`: before the AC command.
        """
        group = self.group if business is None else business
        if group:
            self.event("rc", 20, f"Stopping group {group} has started.")
        self.event("rc", 20, f"Stopping group {self.ac_group} has started.")
        self.event("rc", 40, f"Stopping {self.exec_name} resource has started.")
        begun = self.now
        stopped = f"Stopping group {group} has completed."
        if group and business_first and completed:
            self.event("rc", 21, stopped, wait=takes)
        self.at(begun + timedelta(seconds=sleep))
        if lines:
            self.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None)
        if lines > 1:
            self.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=2)
        if group and completed and not business_first:
            self.event("rc", 21, stopped, wait=takes)
        self.wait(sleep if lines else 0)
        self.event("rc", 41, f"Stopping {self.exec_name} resource has completed.")
        self.event("rc", 21, f"Stopping group {self.ac_group} has completed.")
        return self

    def ended(self, scope: Literal["server", "cluster"]) -> Server:
        """rc 90 or 91."""
        if scope == "cluster":
            self.event("rc", 90, "All the servers in the cluster were shut down.")
        else:
            self.event("rc", 91, "The server was shut down.")
        return self

    def os_goes(self, mode: Mode) -> Server:
        """The OS stops, down to the end of syslog."""
        self.os_stop(mode, cluster=False)
        self.log(
            "rsyslogd",
            '[origin software="rsyslogd" swVersion="8.2302.0" x-pid="256" x-info="https://www.rsyslog.com"] exiting on signal 15.',
            wait=2,
        )
        return self

    def loses_records(self, count: int = 40) -> Server:
        """Syslog says that it dropped records until now."""
        self.log("rsyslogd", f"imjournal: {count} messages lost due to rate-limiting", wait=1)
        return self

    def drops_records(self) -> Server:
        """Syslog says that it drops records from now on."""
        self.log("rsyslogd", "imjournal: begin to drop messages due to rate-limiting", wait=1)
        return self

    # --- ESMPRO/AC and the UPS, in the words of the samples' own definitions (`site_ac.toml`)

    def ac(self, text: str, *, wait: float = 1) -> Server:
        """A message of ESMPRO/AC: invented, its own are not public."""
        self.log("ACDAEMON", text, pid=812, wait=wait)
        return self

    # --- what it sees of others

    def sees_down(self, other: str) -> Server:
        """Another server is gone."""
        self.event("nm", 4, f"Resource lankhb1 of server {other} has stopped.")
        self.event("nm", 2, f"Server {other} has been stopped.")
        return self

    def takes_over(self, group: str) -> Server:
        """A group fails over to this server."""
        self.event("rc", 60, f"Failover group {group} has started.", wait=2)
        self.activate(group)
        self.event("rc", 61, f"Failover group {group} has completed.")
        return self


def pair(start: datetime) -> tuple[Server, Server]:
    """svr031 and svr047, each with its own groups; the second starts a few seconds later."""
    return (
        Server("svr031", start, ac_group="AC_1", group="failover1"),
        Server("svr047", start + timedelta(seconds=4), ac_group="AC_2", group="failover2"),
    )
