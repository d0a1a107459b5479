"""Writes synthetic logs of servers in the forms that real ones have; used for the samples and by the tests.

A `Machine` has a clock; each method writes what that step leaves in syslog and moves the clock on. Times are local
(Asia/Tokyo). Wordings follow Debian 12 (systemd 252) unless `style` says otherwise.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

Style = Literal["systemd", "rhel7", "sysvinit", "upstart"]

ZONE_HOURS = 9


@dataclass
class Machine:
    """One server. `files` maps a log's name to its lines; `iso` writes stamps with offset instead of traditional ones.

    `skew`: seconds by which the clock that its logs show is ahead of `now`.
    """

    name: str
    now: datetime
    style: Style = "systemd"
    iso: bool = False
    ac_group: str = "AC_1"
    files: dict[str, list[str]] = field(default_factory=dict)
    pid: int = 250
    login_pid: int = 0
    skew: float = 0

    # --- writing

    def log(
        self, program: str, text: str, *, pid: int | str | None = "", file: str = "messages", wait: float = 0
    ) -> Machine:
        """Write one line; `pid=None` takes a fresh one, `""` writes none."""
        self.now += timedelta(seconds=wait)
        if pid is None:
            self.pid += 3
            pid = self.pid
        tag = f"{program}[{pid}]: " if pid != "" else f"{program}: " if program else ""
        self.files.setdefault(file, []).append(f"{self.stamp()} {self.name} {tag}{text}")
        return self

    def stamp(self) -> str:
        """The clock as syslog writes it."""
        shown = self.now + timedelta(seconds=self.skew)
        if self.iso:
            return shown.strftime("%Y-%m-%dT%H:%M:%S.%f") + f"+{ZONE_HOURS:02d}:00"
        return f"{shown:%b} {shown.day:2d} {shown:%H:%M:%S}"

    def wait(self, seconds: float) -> Machine:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self

    def at(self, when: datetime) -> Machine:
        """Set the clock."""
        self.now = when
        return self

    def event(self, module: str, event: int, text: str, *, wait: float = 1) -> Machine:
        """A CLUSTERPRO line in its best-known form."""
        return self.log("clusterpro", f"<type: {module}><event: {event}> {text}", wait=wait)

    # --- start

    def boot(self, *, recovered: bool = False, cluster: bool = True, clock: bool = True) -> Machine:
        """Kernel to running cluster. `clock`: the kernel logs the hardware clock, which tells year and zone."""
        utc = self.now + timedelta(seconds=self.skew) - timedelta(hours=ZONE_HOURS, seconds=20)
        self.log(
            "kernel", "[    0.000000] Linux version 5.14.0-427.el9.x86_64 (mockbuild@example) #1 SMP PREEMPT_DYNAMIC"
        )
        self.log("kernel", "[    0.000000] Command line: root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M")
        if clock:
            self.log(
                "kernel", f"[    1.805349] rtc_cmos 00:05: setting system clock to {utc:%Y-%m-%dT%H:%M:%S} UTC (0)"
            )
        if recovered:
            self.log("kernel", "[    2.938037] EXT4-fs (vda): INFO: recovery required on readonly filesystem")
            self.log("kernel", "[    3.012119] EXT4-fs (vda): recovery complete")
        self.log("kernel", "[    3.014728] EXT4-fs (vda): mounted filesystem with ordered data mode. Quota mode: none.")
        if self.style == "sysvinit":
            self.log("", "syslogd 1.4.1: restart.")
        else:
            self.log(
                "rsyslogd",
                '[origin software="rsyslogd" swVersion="8.2302.0" x-pid="256" x-info="https://www.rsyslog.com"] start',
            )
        self.pid = 300
        if cluster:
            self.cluster_start()
        return self

    def cluster_start(self) -> Machine:
        """CLUSTERPRO comes up and activates the AC group."""
        self.event("pm", 1, "Starting the cluster daemon...", wait=5)
        self.event("nm", 1, f"Server {self.name} has started.")
        self.event("rc", 10, f"Activating group {self.ac_group} has started.")
        self.event("rc", 30, f"Activating exec_{self.ac_group.lower()} resource has started.")
        self.event("rc", 31, f"Activating exec_{self.ac_group.lower()} resource has completed.")
        return self.event("rc", 11, f"Activating group {self.ac_group} has completed.")

    # --- people

    def login(self, user: str = "root", tty: str = "tty1", session: int = 1) -> Machine:
        """A person logs in at the console."""
        self.log(
            "login",
            f"pam_unix(login:session): session opened for user {user}(uid=0) by LOGIN(uid=0)",
            pid=None,
            file="secure",
        )
        self.login_pid = self.pid
        return self.log("systemd-logind", f"New session {session} of user {user}.", pid=258)

    def logout(self, user: str = "root", session: int = 1) -> Machine:
        """That person logs out."""
        self.log("login", f"pam_unix(login:session): session closed for user {user}", pid=self.login_pid, file="secure")
        self.log("systemd-logind", f"Session {session} logged out. Waiting for processes to exit.", pid=258)
        return self.log("systemd-logind", f"Removed session {session}.", pid=258)

    def sudo(self, user: str, command: str) -> Machine:
        """A command by sudo."""
        return self.log(
            "sudo", f"    {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}", file="secure"
        )

    # --- stop

    def os_stop(
        self, mode: Literal["halt", "reboot"] = "halt", *, announced: bool = True, cluster: bool = True, wall: str = ""
    ) -> Machine:
        """What the OS writes when it goes down; with `cluster`, systemd stops CLUSTERPRO (no AC command is run)."""
        if self.style == "sysvinit":
            self.log("shutdown", f"shutting down for system {mode}", pid=None)
            self.log("init", f"Switching to runlevel: {0 if mode == 'halt' else 6}", wait=1)
        elif self.style == "upstart":
            for tty in range(1, 4):
                self.log("init", f"tty (/dev/tty{tty}) main process ({1000 + tty}) killed by TERM signal")
        else:
            noun, verb = ("power off", "powering down") if mode == "halt" else ("reboot", "rebooting")
            suffix = f" ({wall})." if wall else "."
            if announced and not wall and self.style == "systemd":
                self.log("systemd-logind", f"The system will {noun} now!", pid=258)
            self.log("systemd-logind", f"System is {verb}{suffix}", pid=258 if self.style == "systemd" else "")
            unit = "multi-user.target - Multi-User System" if self.style == "systemd" else "Multi-User System"
            self.log("systemd", f"Stopped target {unit}.", pid=1 if self.style == "systemd" else "")
        if cluster:
            self.cluster_stop()
        if self.style == "sysvinit":
            self.log("kernel", "Kernel logging (proc) stopped.", wait=1)
            self.log("kernel", "Kernel log daemon terminating.")
            self.log("", "exiting on signal 15", wait=1)
        elif self.style == "upstart":
            self.log("kernel", "Kernel logging (proc) stopped.", wait=1)
            self.log(
                "rsyslogd",
                '[origin software="rsyslogd" swVersion="5.8.10" x-pid="947" x-info="http://www.rsyslog.com"] exiting on signal 15.',
            )
        return self

    def cluster_stop(
        self, *, ac_lines: int = 0, sleep: float = 30, ended: Literal["", "server", "cluster"] = ""
    ) -> Machine:
        """CLUSTERPRO stops its groups; the AC group's stop.sh writes `ac_lines` of its two lines."""
        group = self.ac_group
        self.event("pm", 2, "Shutting down the cluster daemon...")
        self.event("rc", 20, f"Stopping group {group} has started.")
        self.event("rc", 40, f"Stopping exec_{group.lower()} resource has started.")
        if ac_lines:
            self.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=sleep)
        if ac_lines > 1:
            self.log("CLUSTERPRO", "AC EXEC COMMAND", pid=None, wait=2)
        if ac_lines:
            self.wait(sleep)
        self.event("rc", 41, f"Stopping exec_{group.lower()} resource has completed.")
        self.event("rc", 21, f"Stopping group {group} has completed.")
        if ended == "server":
            self.event("rc", 91, "The server was shut down.")
        elif ended == "cluster":
            self.event("rc", 90, "All the servers in the cluster were shut down.")
        return self

    def clp_stop(
        self,
        command: str = "clpstdn",
        *,
        reboot: bool = False,
        ac_lines: int = 2,
        os_first: bool = False,
        sleep: float = 30,
    ) -> Machine:
        """An orderly stop by CLUSTERPRO, asked for by `command` (or by one of its modules, `rm`)."""
        number, verb, future = (32, "reboot", "rebooted") if reboot else (30, "stop", "stopped")
        self.event("pm", number, f"Received a request to {verb} the system from {command}.")
        self.event("pm", 3, "Shutdown monitoring is started...")
        self.event("pm", 25 if reboot else 23, f"The system will be {future}.")
        ended: Literal["server", "cluster"] = "cluster" if command == "clpstdn" else "server"
        mode: Literal["halt", "reboot"] = "reboot" if reboot else "halt"
        if os_first:
            self.os_stop(mode, cluster=False)
            return self.cluster_stop(ac_lines=ac_lines, ended=ended, sleep=sleep)
        self.cluster_stop(ac_lines=ac_lines, ended=ended, sleep=sleep)
        return self.os_stop(mode, cluster=False)

    def disk_error_reboot(self, monitor: str = "diskw1") -> Machine:
        """A disk monitor's final action: stop the daemon and reboot the OS."""
        detail = "8 : Failed to open the device. Check the disk device /dev/sdb."
        self.event("rm", 9, f"Detected an error in monitoring {monitor}. ({detail})", wait=20)
        self.event(
            "rm", 17, f"Rebooting the system has been required because an error was detected in monitoring {monitor}."
        )
        return self.clp_stop("rm", reboot=True, sleep=5)

    # --- files

    def content(self, file: str = "messages") -> bytes:
        """One log as bytes."""
        return "".join(line + "\n" for line in self.files.get(file, [])).encode()

    def write(self, root: Path, *files: str) -> Path:
        """Write the logs to `root/<name>/var/log/`; return the server's folder."""
        folder = root / self.name / "var" / "log"
        folder.mkdir(parents=True, exist_ok=True)
        for file in files or self.files:
            (folder / file).write_bytes(self.content(file))
        return root / self.name


def archive(machines: list[Machine], written: datetime) -> bytes:
    """A tar.gz of several machines, as a collector would make it; the same input gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for machine in machines:
            for file in sorted(machine.files):
                info = tarfile.TarInfo(f"{machine.name}/var/log/{file}")
                data = machine.content(file)
                info.size, info.mtime = len(data), int(written.timestamp())
                tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
