"""clp.conf: what it says, what is a default, what is not known; and documents that want to do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.settings.configuration import ClusterConfiguration, read_configuration
from tests.settings.cluster import configuration


def conf(document: str, places: dict[str, str] | None = None) -> ClusterConfiguration:
    return read_configuration(document, "svr031/etc/clp.conf", places)


def line_of(document: str, part: str) -> int:
    return document[: document.index(part)].count("\n") + 1


def test_all_that_the_audit_needs() -> None:
    document = configuration("5.3.1-1")
    found = conf(document)
    assert (found.problem, found.whole, found.version) == (None, True, (5, 3, 1))
    assert found.servers == ("svr031", "svr047")
    assert [group.name for group in found.groups] == ["AC_1", "AC_2", "failover1"]
    ac, _, business = found.groups
    assert (ac.startup_servers, business.startup_servers) == (("svr031",), None)
    assert (ac.exec_resources(), list(business.resources)) == (("exec_ac1",), ["fip@fip1", "exec@exec1"])
    assert (ac.line, ac.start.line) == (line_of(document, '<group name="AC_1"'), line_of(document, "<start>"))
    assert (ac.type.text, ac.type.basis) == ("failover", "default")
    resource = found.exec_resources["exec_ac1"]
    assert (resource.stop_path.text, resource.stop_path.basis) == ("stop.sh", "found")
    assert resource.stop_path.line == line_of(document, "<deact><path>")
    assert (resource.stop_timeout.number, resource.stop_timeout.basis, resource.stop_sync.number) == (
        1800,
        "default",
        1,
    )
    assert (resource.activation.action.number, resource.deactivation.action.number) == (0, 4)
    monitor = found.disk_monitors[0]
    assert (monitor.name, monitor.device.text, monitor.action.number) == ("diskw1", "/dev/sdc2", 1)
    assert (monitor.target_type.text, monitor.target_name.text) == ("cls", "LocalServer")


def test_defaults_where_they_are_known_and_else_why_not() -> None:
    found = conf(
        '<root><group name="g"/><resource><exec name="e"/></resource><monitor><diskw name="d"/></monitor></root>'
    )
    resource = found.exec_resources["e"]
    assert (resource.activation.action.text, resource.deactivation.action.text) == ("1", "4")
    assert {resource.activation.action.basis, found.groups[0].start.basis} == {"default"}
    for value in (resource.activation.retry, resource.deactivation.retry, found.disk_monitors[0].action):
        assert (value.text, value.basis, value.why) == (None, "unknown", "no-default")
    assert found.version is None
    assert found.groups[0].startup_servers is None


@pytest.mark.parametrize(
    ("written", "version"),
    [("5.2.0-1", (5, 2, 0)), ("4.3", (4, 3)), ("", None), ("five", None), ("４.3", (4, 3)), ("9" * 50, None)],
)
def test_versions(written: str, version: tuple[int, ...] | None) -> None:
    assert conf(configuration().replace("5.2.0-1", written)).version == version


def test_a_torn_document_keeps_what_stands_before_the_tear() -> None:
    document = configuration()
    cut = document.index("<failover>1</failover>", document.index('name="AC_2"'))
    found = conf(document[:cut])
    assert found.problem is not None
    assert str(document[:cut].count("\n") + 1) in found.problem.en
    assert found.groups[0].failover.basis == "found"
    assert found.groups[0].type.basis == "default"
    torn = found.groups[1]
    assert (torn.start.basis, torn.failover.basis, torn.failover.why) == ("found", "unknown", "lost")
    assert (torn.type.why, torn.servers_known, torn.resources_known) == ("lost", False, False)
    assert found.exec_resources == {}


def test_what_stands_twice_is_not_believed_where_it_differs() -> None:
    document = configuration().replace(
        "</root>", '<group name="AC_1"><start>0</start><failover>1</failover></group><group name="AC_1"/></root>'
    )
    ac = conf(document).groups[0]
    assert (ac.start.text, ac.start.why) == (None, "twice")
    assert ac.failover.number == 1
    assert len(conf(document).groups) == 3


def test_attributes_named_id_and_hostile_names() -> None:
    evil = "a/b@c &lt;x&gt; \u202e"
    document = f'<root><group id="AC_1"><policy id="{evil}"><order>0</order></policy></group><group name="{"n" * 9999}"/></root>'
    found = conf(document)
    assert found.groups[0].startup_servers == (evil.replace("&lt;", "<").replace("&gt;", ">"),)
    assert len(found.groups[1].name) == 255


BOMB = '<!DOCTYPE root [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("doctype", [BOMB, '<!DOCTYPE root SYSTEM "file:///etc/passwd">', "<!DOCTYPE root>"])
def test_document_types_are_refused_with_line_and_remedy(doctype: str) -> None:
    found = conf(configuration().replace("<root>", doctype + "\n<root>").replace("<name>cl1", "<name>&b;"))
    assert found.problem is not None
    assert found.problem_line == 2
    assert "line 2" in found.problem.en
    assert "Collect the file" in found.problem.en
    assert (found.groups, found.servers, found.version) == ((), (), None)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "x",
        "<root>",
        "<other><root/></other>",
        "<root/><root/>",
        "\0",
        "<root>&undefined;</root>",
        "<a" * 1000,
        "]]>",
    ],
)
def test_what_is_no_configuration_says_so(document: str) -> None:
    found = conf(document)
    assert found.problem is not None
    assert not found.whole


def test_depth_number_and_size_are_bounded() -> None:
    begun = time.process_time()
    deep = conf("<root>" + "<group name='g'>" * 200_000)
    assert deep.problem is not None
    assert "line 1" in deep.problem.en
    many = "".join(f'<group name="g{i}"><start>1</start></group>\n' for i in range(100_000))
    found = conf(f"<root>{many}</root>")
    assert found.problem is not None
    assert 1000 < len(found.groups) < 100_000
    assert found.groups[-2].start.number == 1
    long = conf(f"<root><trekking><savedversion>5.2{'x' * 5_000_000}</savedversion></trekking></root>")
    assert long.version == (5, 2)
    assert time.process_time() - begun < 20


def test_a_site_names_where_its_settings_are() -> None:
    document = configuration().replace("<name>cl1</name>", "<name>cl1</name><sync><wait>600</wait></sync>")
    found = conf(document, {"sync-wait": "cluster/sync/wait", "restart-limit": "rm/max"})
    assert (found.site["sync-wait"].number, found.site["sync-wait"].line) == (600, line_of(document, "<wait>"))
    assert found.site["restart-limit"].number is None
    assert conf(document).site == {}


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, 100_000), remove=st.integers(0, 80), insert=st.sampled_from(["", "<", "&", "\0", "</root>", "<!--", "日本", "]]>", '"'])
)  # fmt: skip
def test_damage_is_survived(at: int, remove: int, insert: str) -> None:
    document = configuration()
    at %= len(document)
    found = conf(document[:at] + insert + document[at + remove :])
    assert len(found.groups) <= 4
