"""Each of the 14 settings that the HOWTO asks for: right once and wrong once, for both of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from acforensics import settings
from acforensics.settings import LongestStop, Observed
from tests.settings.cluster import OWN_CODE, STOP, configuration, files, statuses

NEW, OLD = "5.2.0-1", "4.3.1-1"
LIMIT = {"restart-limit": "cluster/limit"}
SYNC = {"sync-wait": "cluster/sync:ms"}
LINKAGE = "svr031/usr/local/AUTORC/data/config"
LATE_DISK = (("<action>1</action></emergency>", "<action>5</action></emergency>"),)
SYNC_WAIT = (("<name>cl1</name>", "<name>cl1</name><sync>300000</sync>"),)


@dataclass(frozen=True)
class Bundle:
    """What is otherwise than in a cluster as the HOWTO wants it; `conf` and `stop`: what is replaced by what, once."""

    conf: tuple[tuple[str, str], ...] = ()
    stop: tuple[tuple[str, str], ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    observed: Observed = field(default_factory=Observed)
    more: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Replaced in what svr047 holds only."""


def changed(content: str, changes: tuple[tuple[str, str], ...]) -> str:
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    return content


def stopped_in(seconds: float) -> Observed:
    return Observed({"svr031": LongestStop(seconds, "failover1", "svr031/messages", 42)})


AS_IT_SHOULD_BE = Bundle()
ITEMS = {
    # number in the HOWTO's order, item: right, wrong
    (1, "ac-group-per-server"): (
        AS_IT_SHOULD_BE, Bundle((('<policy name="svr047"><order>0</order></policy>', ""),)),
    ),
    (2, "group-type"): (AS_IT_SHOULD_BE, Bundle((("<gid>", "<type>virtual machine</type><gid>"),))),
    (3, "startup-server"): (
        AS_IT_SHOULD_BE, Bundle((("</policy>", '</policy><policy name="svr047"><order>1</order></policy>'),)),
    ),
    (4, "startup-attribute"): (AS_IT_SHOULD_BE, Bundle((("<start>1", "<start>0"),))),
    (5, "failover-attribute"): (AS_IT_SHOULD_BE, Bundle((("<failover>1", "<failover>0"),))),
    (6, "only-exec"): (AS_IT_SHOULD_BE, Bundle((("<gid>", '<resource name="fip@fip2"/><gid>'),))),
    (7, "activation-failure"): (AS_IT_SHOULD_BE, Bundle((("<act><retry>0", "<act><retry>1"),))),
    (8, "deactivation-failure"): (AS_IT_SHOULD_BE, Bundle((("<deact><retry>0", "<deact><retry>3"),))),
    (9, "stop-script-path"): (AS_IT_SHOULD_BE, Bundle((("<path>stop.sh", "<path>/opt/site/stop.sh"),))),
    (9, "stop-script-sync"): (AS_IT_SHOULD_BE, Bundle((("<deact><path>", "<deact><sync>0</sync><path>"),))),
    (9, "stop-script-command"): (AS_IT_SHOULD_BE, Bundle(stop=(('"SERVERSHUTDOWN" ]', '"X" ]'),))),
    (9, "stop-script-options"): (AS_IT_SHOULD_BE, Bundle(stop=(("ShutdownOff", "ShutdownReboot"),))),
    (9, "stop-scripts-alike"): (AS_IT_SHOULD_BE, Bundle(elsewhere=(("sleep 30s", "sleep 45s"),))),
    (10, "first-sleep"): (
        Bundle(observed=stopped_in(29.5)), Bundle(stop=(("sleep 30s          # 業務", ": # 業務"),)),
    ),
    (10, "second-sleep"): (AS_IT_SHOULD_BE, Bundle(stop=(("sleep 30s          # 各", ": # 各"),))),
    (10, "stop-script-timeout"): (AS_IT_SHOULD_BE, Bundle(stop=(("sleep 30s", "sleep 31m"),))),
    (11, "recognition-code"): (AS_IT_SHOULD_BE, Bundle(stop=((OWN_CODE, "ESMACnet"),))),
    (12, "disk-monitor"): (
        AS_IT_SHOULD_BE, Bundle((*LATE_DISK, ("<name>cl1</name>", "<name>cl1</name><limit>0</limit>")), places=LIMIT),
    ),
    (12, "restart-limit"): (
        Bundle((*LATE_DISK, ("<name>cl1</name>", "<name>cl1</name><limit>3</limit>")), places=LIMIT),
        Bundle((*LATE_DISK, ("<name>cl1</name>", "<name>cl1</name><limit>0</limit>")), places=LIMIT),
    ),
    (13, "sync-wait"): (
        Bundle(SYNC_WAIT, places=SYNC, observed=Observed(power_on_spread=299.0)),
        Bundle(SYNC_WAIT, places=SYNC, observed=Observed(power_on_spread=301.0)),
    ),
    (14, "ac-linkage"): (
        Bundle(more={LINKAGE: "[AC]\nCLUSTERPRO連携=しない\n"}), Bundle(more={LINKAGE: "[AC]\nCLUSTERPRO連携=する\n"}),
    ),
    # Not of the HOWTO: two copies of clp.conf cannot both be in force.
    (0, "configuration-alike"): (AS_IT_SHOULD_BE, Bundle(elsewhere=(("<start>1", "<start>0"),))),
}  # fmt: skip


@pytest.fixture
def audited(case):
    def made(bundle: Bundle, version: str):
        given = files(changed(configuration(version), bundle.conf), changed(STOP, bundle.stop))
        given |= {path: content.encode("euc_jp") for path, content in bundle.more.items()}
        for path, content in given.items() if bundle.elsewhere else ():
            encoding = "euc_jp" if path.endswith("clp.conf") else "utf-8"
            decoded = content.decode(encoding)
            if path.startswith("svr047/") and bundle.elsewhere[0][0] in decoded:
                given[path] = changed(decoded, bundle.elsewhere).encode(encoding)
        return settings.audit(case(given, bundle.places), bundle.observed)

    return made


@pytest.mark.parametrize("version", [NEW, OLD])
@pytest.mark.parametrize(("number", "item"), ITEMS)
def test_right_once_and_wrong_once(audited, number: int, item: str, version: str) -> None:
    right, wrong = ITEMS[number, item]
    found = statuses(audited(right, version), item)
    assert "ok" in found
    assert "differs" not in found
    assert "differs" in statuses(audited(wrong, version), item)


@pytest.mark.parametrize("version", [NEW, OLD])
def test_what_is_right_by_the_other_table_is_wrong(audited, version: str) -> None:
    """The only two items that the tables want otherwise."""
    other = configuration(OLD if version == NEW else NEW)
    for item, side in (("activation-failure", "</action></act>"), ("deactivation-failure", "</action></deact>")):
        action = other[other.index(side) - 1]
        own = configuration(version)
        same = own[own.index(side) - 1]
        assert action != same
        wrong = Bundle(((f"<action>{same}{side}", f"<action>{action}{side}"),))
        assert statuses(audited(wrong, version), item) == ["differs", "ok"]


def test_no_item_is_left_out(audited) -> None:
    assert {number for number, _ in ITEMS} == {*range(15)}
    shown = {row.item for right, _ in ITEMS.values() for row in audited(right, NEW)}
    assert shown == {item for _, item in ITEMS}
