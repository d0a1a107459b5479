"""Every item of the audit: right, wrong, and unknown where it must be; for both tables of the HOWTO."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acforensics import settings
from acforensics.settings import LongestStop, Observed, SettingRow
from tests.settings.cluster import OWN_CODE, STOP, configuration, files, statuses

Rows = Callable[..., list[SettingRow]]
NEW, OLD = "5.2.0-1", "4.3.1-1"
AC_1 = '<group name="AC_1">'
AC_2_POLICY = '<policy name="svr047"><order>0</order></policy>'
EXEC_1 = '<exec name="exec_ac1">'


@pytest.fixture
def rows(case) -> Rows:
    def made(conf: str | None = None, stop: str = STOP, places=None, observed: Observed | None = None):
        return settings.audit(case(files(conf, stop), places), observed or Observed())

    return made


def in_part(document: str, begin: str, old: str, new: str) -> str:
    """Change the first occurrence behind a place."""
    at = document.index(old, document.index(begin))
    return document[:at] + new + document[at + len(old) :]


@pytest.mark.parametrize("version", [NEW, OLD])
def test_a_cluster_as_the_howto_wants_it(rows: Rows, version: str) -> None:
    found = rows(configuration(version))
    assert [row for row in found if row.status == "differs"] == []
    unknown = {row.item for row in found if row.status == "unknown"}
    assert unknown == {"first-sleep", "sync-wait", "ac-linkage"}
    per_server = [row for row in found if row.item == "ac-group-per-server"]
    assert [(row.server, row.found.en, row.status) for row in per_server] == [
        ("svr031", "AC_1", "ok"),
        ("svr047", "AC_2", "ok"),
    ]


WRONG = {
    # item: (what it is changed behind, from, to, whose row)
    "group-type": (AC_1, "<gid>", "<type>virtual machine</type><gid>"),
    "startup-server": (AC_1, "</policy>", '</policy><policy name="svr047"><order>1</order></policy>'),
    "startup-attribute": (AC_1, "<start>1", "<start>0"),
    "failover-attribute": (AC_1, "<failover>1", "<failover>0"),
    "only-exec": (AC_1, "<gid>", '<resource name="fip@fip2"/><gid>'),
    "stop-script-path": (EXEC_1, "stop.sh", "/opt/site/stop.sh"),
    "stop-script-sync": (EXEC_1, "<deact><path>", "<deact><sync>0</sync><path>"),
    "disk-monitor": ("<diskw", "<action>1", "<action>5"),
}


@pytest.mark.parametrize("version", [NEW, OLD])
@pytest.mark.parametrize("item", WRONG)
def test_one_wrong_setting_is_one_row(rows: Rows, item: str, version: str) -> None:
    document = configuration(version)
    changed = in_part(document, *WRONG[item])
    found = rows(changed, places={"restart-limit": "cluster/limit"})
    if item == "disk-monitor":
        changed = changed.replace("<name>cl1</name>", "<name>cl1</name><limit>0</limit>")
        found = rows(changed, places={"restart-limit": "cluster/limit"})
    wrong = [
        row for row in found if row.status == "differs" and row.item not in ("ac-group-per-server", "restart-limit")
    ]
    assert [row.item for row in wrong] == [item]
    path, _, line = wrong[0].source.partition(":")
    assert path == "svr031/etc/clp.conf"
    assert 1 < int(line) <= changed.count("\n")


def test_a_server_without_its_group(rows: Rows) -> None:
    found = rows(in_part(configuration(), AC_2_POLICY, AC_2_POLICY, AC_2_POLICY.replace("svr047", "svr031")))
    by_server = {row.server: row for row in found if row.item == "ac-group-per-server"}
    assert (by_server["svr031"].status, by_server["svr047"].status) == ("differs", "differs")
    assert "AC_1" in by_server["svr031"].found.en
    assert "AC_2" in by_server["svr031"].found.en
    everywhere = rows(configuration().replace(AC_2_POLICY, ""))
    assert [(row.server, row.status) for row in everywhere if row.item == "ac-group-per-server"] == [
        ("svr031", "ok"),
        ("svr047", "differs"),
    ]
    assert statuses(everywhere, "startup-server") == ["ok", "differs"]
    stranger = rows(configuration().replace(AC_2_POLICY, AC_2_POLICY.replace("svr047", "svr099")))
    assert statuses(stranger, "startup-server") == ["ok", "differs"]


def test_full_and_short_names_are_one_server(rows: Rows) -> None:
    found = rows(configuration().replace('<policy name="svr047"', '<policy name="SVR047.example.jp"'))
    assert statuses(found, "startup-server") == ["ok", "ok"]
    assert statuses(found, "ac-group-per-server") == ["ok", "ok"]


REACTIONS = [
    # side, element, value, status by version
    ("activation-failure", "<act><retry>", "1", "differs", "differs"),
    ("activation-failure", "<act><retry>0</retry><fo>", "1", "differs", "differs"),
    ("activation-failure", "<act><retry>0</retry><fo>0</fo><action>", "0", "ok", "differs"),
    ("activation-failure", "<act><retry>0</retry><fo>0</fo><action>", "1", "differs", "ok"),
    ("activation-failure", "<act><retry>0</retry><fo>0</fo><action>", "5", "differs", "differs"),
    ("deactivation-failure", "<deact><retry>", "3", "differs", "differs"),
    ("deactivation-failure", "<deact><retry>0</retry><action>", "4", "ok", "differs"),
    ("deactivation-failure", "<deact><retry>0</retry><action>", "1", "differs", "ok"),
    ("deactivation-failure", "<deact><retry>0</retry><action>", "8", "differs", "differs"),
]


@pytest.mark.parametrize(("item", "begin", "value", "new", "old"), REACTIONS)
def test_reactions_by_version(rows: Rows, item: str, begin: str, value: str, new: str, old: str) -> None:
    for version, expected in ((NEW, new), (OLD, old), ("6.0.0-1", new), ("4.0", old)):
        document = configuration(version)
        at = document.index(begin, document.index(EXEC_1)) + len(begin)
        found = rows(document[:at] + value + document[at + 1 :])
        assert statuses(found, item) == [expected, "ok"]


def test_reactions_that_are_absent_are_the_products_defaults(rows: Rows) -> None:
    for version, new in ((NEW, True), (OLD, False)):
        document = configuration(version)
        act, deact = ("0", "4") if new else ("1", "1")
        without = document.replace(f"<action>{act}</action></act>", "</act>").replace(
            f"<action>{deact}</action></deact>", "</deact>"
        )
        found = rows(without)
        # The defaults are 1 and 4.
        assert statuses(found, "activation-failure") == (["differs"] * 2 if new else ["ok"] * 2)
        assert statuses(found, "deactivation-failure") == (["ok"] * 2 if new else ["differs"] * 2)
    unset = rows(configuration().replace("<retry>0</retry>", ""))
    assert statuses(unset, "activation-failure") == ["unknown", "unknown"]


def test_a_script_before_the_final_action(rows: Rows) -> None:
    document = in_part(configuration(), EXEC_1, "<deact><retry>", "<deact><preaction><use>1</use></preaction><retry>")
    assert statuses(rows(document), "deactivation-failure") == ["differs", "ok"]


def test_without_a_version_only_what_both_tables_agree_on(rows: Rows) -> None:
    document = configuration().replace("<savedversion>5.2.0-1</savedversion>", "")
    found = rows(document)
    row = next(row for row in found if row.item == "activation-failure")
    assert (row.status, "5.2" in row.expected.en, "5.2" in row.expected.ja) == ("unknown", True, True)
    assert "version is not known" in row.notes[0].en
    wrong = document.replace("<fo>0</fo><action>0", "<fo>0</fo><action>4")
    assert statuses(rows(wrong), "activation-failure") == ["differs", "differs"]


SCRIPTS = {
    "no command in one branch": ("stop-script-command", STOP.replace('"SERVERSHUTDOWN" ]', '"X" ]'), "differs"),
    "also when only the group stops": (
        "stop-script-command",
        STOP.replace("\nfi\necho", '\nelse\n  amccmd -downrequest ShutdownOff 127.0.0.1 x "$AC_SECCODE"\nfi\necho'),
        "differs",
    ),
    "in another script": (
        "stop-script-command",
        STOP.replace("/usr/local/AUTORC/amccmd -d", "/opt/amccmd.sh -d"),
        "unknown",
    ),
    "options swapped": (
        "stop-script-options",
        STOP.replace("ShutdownOff", "X").replace("ShutdownReboot", "ShutdownOff").replace('"X"', '"ShutdownReboot"'),
        "differs",
    ),
    "an option from a file": (
        "stop-script-options",
        STOP.replace('AC_OPT="ShutdownOff"', "AC_OPT=$(cat /x)"),
        "unknown",
    ),
    "no wait before": ("first-sleep", STOP.replace("    sleep 30s          # 業務", "    : # 業務"), "differs"),
    "a wait before from a file": (
        "first-sleep",
        STOP.replace("sleep 30s          # 業務", "sleep $(cat /x) # 業務"),
        "unknown",
    ),
    "no wait after": ("second-sleep", STOP.replace("    sleep 30s          # 各", "    : # 各"), "differs"),
    "a wait after from a file": (
        "second-sleep",
        STOP.replace("sleep 30s          # 各", "sleep $(cat /x) # 各"),
        "unknown",
    ),
    "longer than the timeout": ("stop-script-timeout", STOP.replace("sleep 30s", "sleep 16m"), "differs"),
    "nearly as long as the timeout": ("stop-script-timeout", STOP.replace("sleep 30s", "sleep 890"), "unknown"),
    "the default code": ("recognition-code", STOP.replace(OWN_CODE, "ESMACnet"), "differs"),
    "no code": ("recognition-code", STOP.replace(OWN_CODE, ""), "differs"),
    "a code from a file": ("recognition-code", STOP.replace(f'"{OWN_CODE}"', "$(cat /x)"), "unknown"),
}


@pytest.mark.parametrize("version", [NEW, OLD])
@pytest.mark.parametrize(("item", "stop", "status"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_scripts(rows: Rows, item: str, stop: str, status: str, version: str) -> None:
    assert stop != STOP
    found = rows(configuration(version), stop)
    assert statuses(found, item) == [status, status]
    others = {row.item for row in found if row.status == "differs"} - {item}
    assert others == set()


def test_a_timeout_of_its_own(rows: Rows) -> None:
    document = in_part(configuration(), EXEC_1, "</parameters>", "<timeout><stop>50</stop></timeout></parameters>")
    found = rows(document)
    assert statuses(found, "stop-script-timeout") == ["differs", "ok"]
    assert "50 s" in next(row for row in found if row.item == "stop-script-timeout").found.en


@pytest.mark.parametrize(("seconds", "status"), [(29.5, "ok"), (30.0, "ok"), (30.1, "differs"), (95.0, "differs")])
def test_the_first_wait_against_what_was_observed(rows: Rows, seconds: float, status: str) -> None:
    stops = {"svr031": LongestStop(seconds, "failover1", "svr031/messages", 42)}
    found = [row for row in rows(observed=Observed(stops)) if row.item == "first-sleep"]
    assert [row.status for row in found] == [status, "unknown"]
    assert "failover1" in found[0].expected.en
    assert "svr031/messages:42" in found[0].expected.ja


def test_a_group_that_waits_for_others_needs_no_sleep(rows: Rows) -> None:
    waiting = '<depend><deact><timeout>1800</timeout><depend name="failover1"/></deact></depend><gid>'
    document = in_part(configuration(), AC_1, "<gid>", waiting)
    found = rows(document, SCRIPTS["no wait before"][1])
    assert statuses(found, "first-sleep") == ["unknown", "differs"]
    assert "failover1" in next(row for row in found if row.item == "first-sleep").notes[0].en


def test_scripts_that_differ_between_servers_are_named_by_line_and_by_nothing_else(case) -> None:
    given = files()
    changed = STOP.replace("sleep 30s", "sleep 45s", 1).replace(OWN_CODE, "other-Code-9")
    given["svr047/scripts/AC_2/exec_ac2/stop.sh"] = changed.encode("euc_jp")
    found = [row for row in settings.audit(case(given)) if row.item == "stop-scripts-alike"]
    lines = [number for number, line in enumerate(STOP.split("\n"), 1) if OWN_CODE in line or "sleep 30s" in line][:2]
    assert [(row.server, row.status) for row in found] == [("svr047", "differs")]
    assert f"lines {lines[0]}, {lines[1]} differ from lines {lines[0]}, {lines[1]}" in found[0].found.en
    assert OWN_CODE not in repr(found)
    assert "other-Code-9" not in repr(found)


def test_comments_and_encodings_make_no_difference(case) -> None:
    given = files()
    given["svr047/scripts/AC_2/exec_ac2/stop.sh"] = (
        STOP.replace("業務用の", "業務").replace("\n", "\r\n").encode("cp932")
    )
    assert statuses(settings.audit(case(given)), "stop-scripts-alike") == ["ok"]


def test_copies_of_the_configuration_that_differ(case) -> None:
    given = files()
    other = configuration().replace("<start>1", "<start>0", 1)
    given["svr047/etc/clp.conf"] = other.encode("euc_jp")
    found = settings.audit(case(given))
    row = next(row for row in found if row.item == "configuration-alike")
    line = other[: other.index("<start>0")].count("\n") + 1
    assert (row.status, row.server, row.source) == ("differs", "svr047", f"svr047/etc/clp.conf:{line}")
    # Both are audited.
    assert statuses(found, "startup-attribute") == ["ok", "ok", "differs", "ok"]


def test_a_script_that_nobody_understands_is_unknown(rows: Rows) -> None:
    found = rows(stop=STOP.replace("\nfi\necho", "\necho"))
    scripts = [
        row
        for row in found
        if row.item.startswith(("stop-script-", "first", "second", "recog")) and "exec_ac" in row.subject
    ]
    own = [row for row in scripts if row.item not in ("stop-script-path", "stop-script-sync")]
    assert {row.status for row in own} == {"unknown"}
    assert all("not understood" in row.notes[0].en for row in own)


def test_a_torn_configuration_makes_no_accusation(rows: Rows) -> None:
    document = configuration()
    for part in (
        '<policy name="svr031"',
        '<group name="AC_2"',
        "<resource><types",
        EXEC_1,
        "<deact><retry>",
        "</root>",
    ):
        found = rows(document[: document.index(part)])
        assert [(row.item, row.found.en) for row in found if row.status == "differs"] == []
    nothing = rows('<?xml version="1.0"?><!DOCTYPE root [<!ENTITY a "b">]>\n<root><cluster/></root>')
    assert [row.item for row in nothing if row.status == "differs"] == []


def test_names_alone_are_an_inference_and_say_so(case) -> None:
    found = settings.audit(case({"etc/clp.conf": configuration().encode("euc_jp")}))
    about = [row for row in found if row.subject.startswith("AC_1") and row.item == "startup-server"]
    assert "by its name" in about[0].notes[0].en
    # Any other group may be the one that is missing, as long as its script was not seen.
    renamed = configuration().replace("AC_2", "power2")
    rows = [
        row
        for row in settings.audit(case({"etc/clp.conf": renamed.encode("euc_jp")}))
        if row.item == "ac-group-per-server"
    ]
    assert [(row.server, row.status) for row in rows] == [("svr031", "ok"), ("svr047", "unknown")]


def test_a_group_of_that_name_whose_script_does_not_call(case) -> None:
    given = {path: content.replace(b"amccmd", b"true") for path, content in files().items()}
    found = settings.audit(case(given))
    assert statuses(found, "stop-script-command") == ["differs", "differs"]


@pytest.mark.parametrize(
    ("name", "inferred"),
    [("AC_1", True), ("ac2", True), ("AC-svr031", True), ("ESMPRO", True), ("ACCOUNT", False), ("MAC_1", False)],
)
def test_which_names_speak_of_esmpro(case, name: str, inferred: bool) -> None:
    document = configuration().replace("AC_1", name)
    groups = case({"etc/clp.conf": document.encode("euc_jp")}).ac_groups("svr031")
    assert (name in groups.names) == inferred
    assert not inferred or groups.basis == "inferred"


MONITORS = [
    ("5", {}, "unknown", ["unknown"]),
    ("5", {"restart-limit": "cluster/limit"}, "ok", ["ok"]),
    ("4", {}, "ok", []),
    ("9", {}, "unknown", ["unknown"]),
    ("", {}, "unknown", []),
]


@pytest.mark.parametrize(("action", "places", "status", "limits"), MONITORS)
def test_a_shared_disk_that_is_late(
    rows: Rows, action: str, places: dict[str, str], status: str, limits: list[str]
) -> None:
    document = configuration().replace("<action>1</action></emergency>", f"<action>{action}</action></emergency>")
    found = rows(document.replace("<name>cl1</name>", "<name>cl1</name><limit>3</limit>"), places=places)
    assert statuses(found, "disk-monitor") == [status]
    assert statuses(found, "restart-limit") == limits
    row = next(row for row in found if row.item == "disk-monitor")
    if action == "5":
        assert "every server of the cluster restarts" in row.notes[0].en
    assert "/dev/sdc2" in row.found.en


def test_recovery_that_is_turned_off_restarts_nothing(rows: Rows) -> None:
    document = configuration().replace("<action>1</action></emergency>", "<action>5</action></emergency>")
    off = document.replace("</root>", "<rm><errordetect><norecovery>1</norecovery></errordetect></rm></root>")
    assert (statuses(rows(off), "disk-monitor"), statuses(rows(off), "restart-limit")) == (["ok"], [])


def test_the_sync_wait(rows: Rows) -> None:
    document = configuration().replace("<name>cl1</name>", "<name>cl1</name><sync>300000</sync>")
    place = {"sync-wait": "cluster/sync:ms"}
    for spread, status in ((299.0, "ok"), (301.0, "differs"), (None, "unknown")):
        found = rows(document, places=place, observed=Observed(power_on_spread=spread))
        assert statuses(found, "sync-wait") == [status]
    # Where nobody knows its place, nothing is claimed.
    row = next(row for row in rows(observed=Observed(power_on_spread=400.0)) if row.item == "sync-wait")
    assert row.status == "unknown"
    assert "more than the default" in row.notes[0].en


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("CLUSTERPRO連携=しない", "ok"),
        ("CLUSTERPRO 連携 : する", "differs"),
        ("ClusterPro Linkage = No", "ok"),
        ("<CLUSTERPRO_LINK>=1", "differs"),
        ("CLUSTERPRO連携=たぶん", "unknown"),
    ],
)
def test_the_linkage_of_esmpro(case, line: str, status: str) -> None:
    given = {**files(), "svr031/usr/local/AUTORC/data/config": f"[AC]\n{line}\n".encode("euc_jp")}
    found = [row for row in settings.audit(case(given)) if row.item == "ac-linkage"]
    assert [(row.status, row.server, row.source) for row in found] == [
        (status, "svr031", "svr031/usr/local/AUTORC/data/config:2")
    ]


def test_scripts_alone(case) -> None:
    found = settings.audit(case({"a/stop.sh": STOP.encode(), "b/stop.sh": STOP.encode()}))
    assert statuses(found, "recognition-code") == ["ok"]
    assert statuses(found, "stop-scripts-alike") == ["ok"]
    assert statuses(found, "group-type") == ["unknown"]
    assert not [row for row in found if row.status == "differs"]


def test_nothing_at_all(case) -> None:
    found = settings.audit(case({}))
    assert {row.status for row in found} == {"unknown"}


def test_every_row_has_its_words_in_both_languages(rows: Rows, case) -> None:
    document = configuration().replace("<action>1</action></emergency>", "<action>5</action></emergency>")
    for row in [*rows(document), *settings.audit(case({}))]:
        made = row.setting()
        for part in (made.title, made.expected, made.found, made.why, made.reference):
            assert part.en
            assert part.ja
        assert made.reference.en.startswith("HOWTO, chapter")


def test_many_groups_and_servers_are_bounded_and_said(case) -> None:
    many = "".join(f'<group name="AC_{i}"/><server name="s{i}"/>\n' for i in range(20_000))
    document = configuration().replace("</root>", many + "</root>")
    given = case({"etc/clp.conf": document.encode("euc_jp")})
    found = settings.audit(given)
    assert len(found) < 2000
    assert [row.status for row in found if "20000 groups" in row.found.en] == ["unknown"]
    assert "20002 servers" in str(given.configurations[0].problem)
