"""Which servers a cluster has, from clpstat's output and clp.conf; and that nothing else of clp.conf is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading

ReadFile = Callable[..., Reading]

STATE = """\
 ========================  CLUSTER STATUS  ===========================
  Cluster : cluster-x600
  <server>
   *svr031 ..........: Online           main site
      lankhb1        : Normal           Kernel Mode LAN Heartbeat
    svr047 ..........: Offline
      lankhb1        : Unknown          Kernel Mode LAN Heartbeat
  <group>
    failover1 .......: Online
      current        : svr031
      exec1          : Online
    container-recove : Online
  <monitor>
    userw            : Normal
 =====================================================================
"""
CONFIGURATION = """\
<?xml version="1.0" encoding="{encoding}"?>
<root>
\t<all>
\t\t<charset>EUC-JP</charset>
\t</all>
\t<cluster>
\t\t<comment>業務クラスタ</comment>
\t\t<server name="not-a-member"/>
\t</cluster>
\t<webmgr><security><adminpwd>s3cret</adminpwd></security></webmgr>
\t<server name="svr031">
\t\t<priority>0</priority>
\t</server>
\t<server name="svr047"/>
\t<group name="AC_1"><policy name="svr031"/></group>
</root>
"""


def members(reading: Reading) -> list[tuple[str, int | None]]:
    return [(fact.value, fact.line) for fact in reading.facts if fact.name == "member"]


def test_the_servers_of_clpstat(read_file: ReadFile) -> None:
    reading = read_file(STATE.encode(), "anything.txt")
    assert members(reading) == [("svr031", 4), ("svr047", 6)]
    assert [fact.value for fact in reading.facts if fact.name == "state"] == ["svr031: Online", "svr047: Offline"]
    assert reading.facts[0].text == "*svr031 ..........: Online           main site"
    assert (reading.source, reading.format, reading.unframed, reading.lines) == ("other", "clpstat output", 0, 15)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_pasted_behind_a_prompt_and_before_a_log(read_file: ReadFile, ending: str) -> None:
    log = "Dec  4 22:01:35 svr031 systemd-logind[258]: System is powering down.\n"
    pasted = ("[root@svr031 ~]# clpstat\n" + STATE + log).replace("\n", ending)
    reading = read_file(pasted.encode(), "notes.txt")
    assert members(reading) == [("svr031", 5), ("svr047", 7)]
    assert [hit.kind for hit in reading.hits] == ["os.shutdown_started"]


def test_a_name_that_may_be_cut_is_no_member(read_file: ReadFile) -> None:
    cut = STATE.replace("    svr047 ..........: Offline", "    a-server-with-lo : Offline")
    reading = read_file(cut.encode(), "clpstat.txt")
    assert members(reading) == [("svr031", 4)]
    assert "a-server-with-lo" in reading.notes[0].en
    assert "line 6" in reading.notes[0].en


def test_a_listing_of_the_configuration(read_file: ReadFile) -> None:
    content = (
        " =======================  CLUSTER INFORMATION  =======================\n"
        "  [Cluster Name : cluster1]\n  [Server0 : svr031]\n    Comment : x\n  [Server1 : svr047]\n  [Monitor5 : userw]\n"
    )
    assert members(read_file(content.encode(), "x")) == [("svr031", 3), ("svr047", 5)]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("EUC-JP", "euc_jp"),
        ("UTF-8", "utf-8"),
        ("Shift_JIS", "cp932"),
        # What the first line says need not be so.
        ("ASCII", "euc_jp"),
        ("EUC-JP", "utf-8"),
        ("EUC-JP", "utf-8-sig"),
        ("no-such-thing", "cp932"),
        ("UTF-16", "utf-16"),
    ],
)
def test_the_servers_of_a_configuration(read_file: ReadFile, encoding: str, codec: str) -> None:
    reading = read_file(CONFIGURATION.format(encoding=encoding).encode(codec), "any-name")
    assert members(reading) == [("svr031", 11), ("svr047", 14)]
    assert (reading.source, reading.format, reading.notes, reading.lines) == ("other", "clp.conf", [], 16)
    assert reading.encoding == codec.replace("_", "-").removesuffix("-sig")


def test_without_a_first_line_or_behind_blank_ones(read_file: ReadFile) -> None:
    body = CONFIGURATION.partition("\n")[2]
    assert members(read_file(body.encode(), "x.xml")) == [("svr031", 10), ("svr047", 13)]
    whole = "\n\n" + CONFIGURATION.format(encoding="UTF-8").replace("\n", "\r\n")
    assert members(read_file(whole.encode(), "clp.conf")) == [("svr031", 13), ("svr047", 16)]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_nothing_but_names_is_kept(read_file: ReadFile, cut: int) -> None:
    content = CONFIGURATION.format(encoding="EUC-JP").encode("euc_jp")
    for damaged in (content, content[:-cut], content.replace(b"</adminpwd>", b"")):
        reading = read_file(damaged, "clp.conf")
        assert reading.format == "clp.conf"
        assert "s3cret" not in repr(reading)


def test_a_torn_configuration_says_where_and_keeps_what_came_before(read_file: ReadFile) -> None:
    content = CONFIGURATION.format(encoding="EUC-JP").encode("euc_jp")
    reading = read_file(content[: content.index(b'<server name="svr047')], "clp.conf")
    assert members(reading) == [("svr031", 11)]
    assert "line 14" in reading.notes[0].en
    broken = read_file(content.replace(b"</priority>", b"</prio>"), "clp.conf")
    assert "line 12" in broken.notes[0].en


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE root [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE root SYSTEM "http://192.0.2.1/x.dtd">',
    ],
)
def test_entities_and_document_types_are_refused(read_file: ReadFile, doctype: str) -> None:
    content = CONFIGURATION.format(encoding="UTF-8").replace("<root>", doctype + "<root>")
    reading = read_file(content.encode(), "clp.conf")
    assert reading.facts == []
    assert "entities" in reading.notes[0].en


def test_a_configuration_of_absurd_size_is_not_read(read_file: ReadFile) -> None:
    content = CONFIGURATION.format(encoding="UTF-8").encode() + b" " * (17 << 20)
    reading = read_file(content, "clp.conf")
    assert reading.facts == []
    assert "16 MiB" in reading.notes[0].en


@pytest.mark.parametrize("content", ["<root><a/></root>", "<html><root><cluster/></root></html>", "root = 1\n"])
def test_other_files_are_left_alone(read_file: ReadFile, content: str) -> None:
    assert read_file(content.encode(), "some.xml").format not in {"clp.conf", "clpstat output"}


@settings(max_examples=60, deadline=None)
@given(
    garbage=st.binary(max_size=80),
    at=st.integers(0, 10_000),
    cut=st.integers(0, 200),
    xml=st.booleans(),
)
def test_damage_is_survived(recogniser: Recogniser, garbage: bytes, at: int, cut: int, xml: bool) -> None:
    from acforensics.sources.cluster_state import ClusterConfiguration, ClusterState

    whole = CONFIGURATION.format(encoding="EUC-JP").encode("euc_jp") if xml else STATE.encode()
    at %= len(whole)
    content = (whole[:at] + garbage + whole[at:])[cut:]
    reading = Reading("x", ("x",), None, bytes=len(content))
    reader = (ClusterConfiguration if xml else ClusterState)(reading, recogniser)
    for start in range(0, len(content), 61):
        reader.feed(content[start : start + 61])
    reader.close()
    assert len(reading.facts) <= 6
