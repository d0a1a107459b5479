"""Words that a log is made of: accounts of the system, words of definitions, ordinary words.

A server called `log` or a user called `mail` is replaced where a line has it in the place of a name, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from acforensics.events import KINDS
from acforensics.parsing.definitions import load
from acforensics.texts import catalogue


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Accounts and pseudo users that tell of no person.
_ACCOUNTS = _words(
    """
    root reboot shutdown runlevel login unknown unset uid gid none null nobody nogroup nfsnobody anonymous cron crond
    daemon bin sys sync adm lp mail news uucp proxy www-data backup list irc gnats games man halt operator gopher ftp
    wheel users tty disk dialout cdrom floppy audio video tape sudo plugdev staff shadow utmp kmem input kvm render
    sgx dbus messagebus rpc rpcuser rpcbind ntp chrony chronyd sshd postfix postdrop smmsp mailnull exim apache nginx
    httpd haldaemon avahi avahi-autoipd polkitd polkituser tss tcpdump abrt libstoragemgmt setroubleshoot sssd nscd
    named oprofile pulse rtkit rtkit-daemon colord geoclue gluster saslauth saned radvd qemu vdsm cockpit-ws
    cockpit-wsinstance gdm debian-gdm gdm-greeter gnome-initial-setup lightdm sddm xdm kdm kde usbmuxd whoopsie
    speech-dispatcher hplip pcap rngd stapusr stapsys stapdev clevis unbound dnsmasq flatpak pipewire pcp nut ups
    apcupsd hacluster haclient clusterpro autorc system kernel audit auditd user netdev ssh-keys printadmin mockbuild
    debian-kernel
    """
)
_SYSTEM_ACCOUNT = re.compile(r"systemd-.*|_.*|\d+|uid=?\d*", re.IGNORECASE)
# No host, or the host itself.
_NO_HOSTS = _words("localhost localhost4 localhost6 localhost.localdomain localdomain unknown none null ? -")

_ORDINARY = _words(
    """
    a an and are as at be been but by for from has have in into is it its no not of off on one or out own so than that
    the then there these this to too two up via was were when which while who why will with yes you your
    access account action active add address admin administrator agent alert all app apps application archive area auth
    auto base bash batch block boot bundle bus cache call case center change check child class clear client clock close
    cluster code command common config configuration console control core cpu crash create current cut data database
    date day db debug default delete demo desktop detail dev device directory disk dns do domain done down dump echo
    edge else end enter entry env error esac etc event exec exit export fail failed failover false fi file files first
    flag folder format free front full gateway get global go group groups guest hand hard head heartbeat high history
    home host hosts hour http https id if image info init input install interface item job journal key last layer left
    level lib life light line link linux list lite load local localtime lock log logger login logs main manage manager
    management map master max media member memory menu message messages method min minute mirror mode module monitor
    month mount move name net network new next node now null number object office old open opt option order other
    output owner page part pass password path pause peer pipe plan point pool port power print process proc profile
    program public pull push query queue quick range read ready real reboot received record recovery remote remove
    report request reset resource restart result right root route router run runlevel running safe sample save scan
    scheduler schedule script search second section secondary secure security select send serial server servers service
    session set setting settings share shell shift show side signal site size sleep slot soft source space spare stage
    standby start started state static stats status stop stopped storage store stream string switch sync syslog system
    table tag target task temp temporary test text thread tick time timeout timer title tmp tool total trace track
    trigger true tty type unit update ups uptime user username users usr value var version view virtual volume wait
    warning watch web week window word work worker write year zone jan feb mar apr may jun jul aug sep oct nov dec mon
    tue wed thu fri sat sun utc gmt jst utmp wtmp btmp utmpdump alertlog cron audit dmesg apache tomcat mysql postgres
    oracle nginx jenkins git docker python perl java php ruby node
    """
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")
_ESCAPE = re.compile(r"\\[A-Za-z]|\(\?P<\w+>|\\(?=\W)")
_SYLLABLE = re.compile(r"[A-Za-z0-9]+")
_FEW_LETTERS = 2

UNIT_SUFFIXES = _words("service socket target slice scope mount automount device timer path swap")
# Names that software writes of its own makers; they tell nothing of a site.
PUBLIC_DOMAINS = (
    "rsyslog.com", "freedesktop.org", "systemd.io", "debian.org", "ubuntu.com", "kernel.org", "redhat.com",
    "centos.org", "fedoraproject.org", "rockylinux.org", "almalinux.org", "oracle.com", "suse.com", "opensuse.org",
    "nec.com", "nec.co.jp", "gnu.org", "apcupsd.org", "networkupstools.org", "w3.org", "example",
)  # fmt: skip


def is_system_account(name: str) -> bool:
    """Whether an account is one of the system, which stays."""
    return name.lower() in _ACCOUNTS or _SYSTEM_ACCOUNT.fullmatch(name) is not None


def is_no_host(name: str) -> bool:
    """Whether a name in the place of a host names none in particular."""
    return name.lower().rstrip(".") in _NO_HOSTS


def is_public(domain: str) -> bool:
    """Whether a domain is that of well-known software."""
    return any(domain == public or domain.endswith(f".{public}") for public in PUBLIC_DOMAINS)


def is_ordinary(name: str) -> bool:
    """Whether a word says something else in most lines: such a name is replaced only in the place of a name."""
    name = name.lower()
    return (len(name) <= _FEW_LETTERS and name.isalpha()) or name.isdigit() or name in _ORDINARY or name in _reserved()


@cache
def sentence_words() -> frozenset[str]:
    """Words of our own sentences: there, a server called so cannot be told from them."""
    templates = " ".join(template for both in catalogue().values() for template in both.values())
    return frozenset(map(str.lower, _SYLLABLE.findall(templates)))


@cache
def _reserved() -> frozenset[str]:
    """Words that definitions look for: lines must parse to the same."""
    found: set[str] = set()
    for written in _written():
        for word in _WORD.findall(_ESCAPE.sub(" ", written)):
            found.add(word.lower())
            found.update(part.lower() for part in _SYLLABLE.findall(word))
    return frozenset(found)


def _written() -> Iterator[str]:
    """All that definitions say of lines, without their examples."""
    yield from KINDS
    for file in load():
        yield file.name
        yield from file.bystanders
        for own in file.file:
            yield from (*own.names, own.program)
        for event in file.event:
            yield from (event.id, event.pattern, *event.programs, *event.set.values())
            for refinement in event.refine:
                yield from (refinement.id, refinement.pattern or "", refinement.wording or "")
                yield from (value for values in refinement.when.values() for value in values)
                yield from refinement.set.values()
