"""`parsers suggest`: from a log with an unknown daemon to a decided end, as docs/definitions.md describes it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from samples.scenario import Machine
from tests.command_line import run

DOCS = Path(__file__).parents[2] / "docs"


def outage(
    name="svr031", program="ACDAEMON", lost="UPS ups1: input power lost", down="shutting down the OS (UPS ups1)"
):
    """The power fails, comes back and fails again; then the unknown daemon shuts the machine down."""
    log = Machine(name, datetime(2026, 2, 3, 8, 0, 0)).boot().wait(20).log(program, "started, watching ups1", pid=812)
    log.wait(3600).log(program, lost, pid=812).wait(240).log(program, "UPS ups1: input power restored", pid=812)
    log.wait(3300).log(program, lost, pid=812).wait(300).log(program, down, pid=812).wait(1).os_stop("halt")
    return log.wait(4000).boot().wait(20).log(program, "started, watching ups1", pid=799).wait(60)


@pytest.fixture
def bundle(tmp_path):
    return outage().write(tmp_path / "bundle")


def ends(result):
    return [(end["trigger"], end["confidence"]) for end in json.loads(result.stdout)["shutdowns"]]


def edits(page):
    """The kinds that a page of the documentation tells to set: id → kind, from its worked example."""
    text = (DOCS / page).read_text(encoding="utf-8")
    example = text[text.index("parsers suggest") : text.index("parsers check")]
    blocks = re.findall(r"```toml\n(.*?)```", example, re.DOTALL)
    events = [event for block in blocks for event in tomllib.loads(block).get("event", [])]
    return {event["id"]: event["kind"] for event in events}


def test_the_worked_example_decides_the_end(bundle, tmp_path):
    folder = tmp_path / "parsers"
    folder.mkdir()
    target = folder / "site_ac.toml"
    before = run("analyze", bundle, "--json", "-")
    assert ends(before) == [("unknown", "possible")]

    done = run("parsers", "suggest", bundle, "-o", target)
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout

    # As it is: accepted, and nothing is decided otherwise than without it.
    assert run("parsers", "check", folder).returncode == 0
    unedited = run("analyze", bundle, "--parsers", folder, "--json", "-")
    assert ends(unedited) == ends(before)
    rules = [sorted(finding["rule"] for finding in json.loads(done.stdout)["findings"]) for done in (before, unedited)]
    assert rules[0] == rules[1] == ["unclassified-near-shutdown"]

    content = target.read_text(encoding="utf-8")
    for identifier, kind in edits("definitions.md").items():
        old = re.compile(rf'(id = "{re.escape(identifier)}"\nkind = )"[^"]+"')
        content, count = old.subn(rf'\1"{kind}"', content)
        assert count == 1, identifier
    target.write_text(content, encoding="utf-8")

    checked = run("parsers", "check", folder)
    assert checked.returncode == 0, checked.stderr
    after = run("analyze", bundle, "--parsers", folder, "--json", "-")
    assert ends(after) == [("ac-power-failure", "certain")]


def test_both_pages_show_the_same_edit():
    assert edits("definitions.md") == edits("definitions.ja.md")
    assert set(edits("definitions.md").values()) == {"ac.power_failure", "ac.power_restored", "ac.shutdown_started"}


def test_the_pages_show_what_is_really_written(bundle, tmp_path):
    content = run("parsers", "suggest", bundle).stdout
    written = {event["id"]: event for event in tomllib.loads(content)["event"]}
    for page in ("definitions.md", "definitions.ja.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        shown = [e for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) for e in tomllib.loads(block).get("event", [])]  # fmt: skip
        for event in [event for event in shown if event["id"] in edits(page)]:
            assert event["pattern"] == written[event["id"]]["pattern"]
            messages = [{e.partition("]: ")[2] for e in one["examples"]} for one in (event, written[event["id"]])]
            assert messages[0] == messages[1]


def test_the_file_tells_counts_values_and_places(bundle, tmp_path):
    content = run("parsers", "suggest", bundle).stdout
    file = tomllib.loads(content)
    assert [event["programs"] for event in file["event"]] == [["ACDAEMON"]] * 4
    assert {event["kind"] for event in file["event"]} == {"os.unclassified"}
    assert {event["status"] for event in file["event"]} == {"unverified"}
    down = file["event"][0]
    assert "shutting down the OS" in down["pattern"]
    assert "the nearest 1 s before" in content
    assert "# ups: seen were ups1" in content
    path, _, line = down["source"].rpartition(":")
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1] == down["examples"][-1]
    for word in ("ac.power_failure", "ac.power_restored", "ac.shutdown_started", "ac.schedule_off", "bystanders"):
        assert word in content.split("[[event]]")[0]


def test_all_that_a_program_says_is_collected_not_only_what_is_near(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600).log("ACDAEMON", "self test passed", pid=8)
    log.wait(3600).log("ACDAEMON", "input power lost", pid=8).wait(30).os_stop("halt").wait(4000).boot()
    done = run("parsers", "suggest", log.write(tmp_path))
    assert [event["pattern"] for event in tomllib.loads(done.stdout)["event"]] == [
        r"^input power lost\s*$",
        r"^self test passed\s*$",
    ]


def test_comments_in_japanese(bundle, tmp_path):
    content = run("parsers", "suggest", bundle, "--lang", "ja").stdout
    assert "停電を検出した" in content
    assert "終了前 10 分以内" in content
    tomllib.loads(content)


@pytest.mark.parametrize(
    ("lost", "down", "kinds"),
    [
        ("UPS 電源異常を検出しました", "OS のシャットダウンを開始します", {"ac.message", "os.unclassified"}),
        ("event 12 received", "event 13 received", {"os.unclassified"}),
    ],
)
def test_programs_that_only_our_guess_names_are_unknown(tmp_path, lost, down, kinds):
    bundle = outage(program="AUTORC", lost=lost, down=down).write(tmp_path / "bundle")
    folder = tmp_path / "parsers"
    folder.mkdir()
    done = run("parsers", "suggest", bundle, "-o", folder / "site_ac.toml")
    assert done.returncode == 0, done.stderr
    content = (folder / "site_ac.toml").read_text(encoding="utf-8")
    assert {event["kind"] for event in tomllib.loads(content)["event"]} >= kinds
    assert "may be a program of ESMPRO/AC" in content
    # Our guess gives way, so nothing has to be copied or deleted.
    checked = run("parsers", "check", folder)
    assert checked.returncode == 0, checked.stderr


def test_what_a_site_has_defined_is_not_suggested_again(tmp_path):
    bundle = outage().write(tmp_path / "bundle")
    folder = tmp_path / "parsers"
    folder.mkdir()
    assert run("parsers", "suggest", bundle, "-o", folder / "site.toml").returncode == 0
    again = run("parsers", "suggest", bundle, "--parsers", folder)
    assert (again.returncode, again.stdout) == (0, "")
    with (tmp_path / "bundle" / "svr031" / "var" / "log" / "messages").open("a", encoding="utf-8") as file:
        file.write("Feb  3 11:30:00 svr031 ACDAEMON[812]: relay open\n")
        file.write("Feb  3 11:30:01 svr031 systemd-logind[258]: System is powering down.\n")
    more = tomllib.loads(run("parsers", "suggest", bundle, "--parsers", folder).stdout)
    assert [event["pattern"] for event in more["event"]] == [r"^relay open\s*$"]


def test_messages_without_fixed_words(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600).log("ACDAEMON", "12 34", pid=8)
    done = run("parsers", "suggest", log.os_stop("halt").wait(4000).boot().write(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert "ACDAEMON" in done.stderr


def test_hostile_and_secret_messages(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600)
    for message in [
        "run amccmd -downrequest ShutdownOff 192.0.2.1 svr031 TOPSECRET",
        "password=hunter2 accepted",
        """quote ' and " and \\ and ''' and \"\"\" end""",
        "\x1b[31mred\x07 alert",
        "[[event]]",
        'id = "x"',
        "(((( ++ ?? [a",
        "$HOME ^ . * {1,2}",
        "停電を検出 ①",
        "x" * 3000,
        "right to left \u202e gnp",
        "   ",
    ]:
        log.log("ACD'AEMON", message, pid=8)
    log.wait(5).os_stop("halt").wait(4000).boot()
    bundle = log.write(tmp_path / "bundle")
    with (tmp_path / "bundle" / "svr031" / "var" / "log" / "messages").open("ab") as file:
        file.write(b"Feb  3 10:00:00 svr031 ACD'AEMON[8]: broken \xff\xfe bytes\n\0\0\0\nFeb  3 10:0")
    folder = tmp_path / "parsers"
    folder.mkdir()
    done = run("parsers", "suggest", bundle, "-o", folder / "site.toml")
    assert done.returncode == 0, done.stderr
    content = (folder / "site.toml").read_text(encoding="utf-8")
    assert "TOPSECRET" not in content
    assert "hunter2" not in content
    assert all(c.isprintable() or c == "\n" for c in content)
    assert len(tomllib.loads(content)["event"]) >= 9
    checked = run("parsers", "check", folder)
    assert checked.returncode == 0, checked.stderr
    assert ends(run("analyze", bundle, "--parsers", folder, "--json", "-")) == [("unknown", "possible")]


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932"])
def test_japanese_in_any_encoding(tmp_path, encoding):
    bundle = outage(lost="入力電源の異常を検出しました", down="ＯＳを停止します (UPS ups1)").write(tmp_path / "bundle")
    messages = tmp_path / "bundle" / "svr031" / "var" / "log" / "messages"
    messages.write_bytes(messages.read_text(encoding="utf-8").encode(encoding))
    folder = tmp_path / "parsers"
    folder.mkdir()
    done = run("parsers", "suggest", bundle, "-o", folder / "site.toml")
    assert done.returncode == 0, done.stderr
    assert "^入力電源の異常を検出しました" in (folder / "site.toml").read_text(encoding="utf-8")
    assert run("parsers", "check", folder).returncode == 0


def test_many_programs_are_bounded_and_the_rest_is_named(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600)
    for number in range(25):
        log.log(f"unknown{number:02d}", "hello", pid=7, wait=2)
    bundle = log.os_stop("halt").wait(4000).boot().write(tmp_path)
    content = run("parsers", "suggest", bundle).stdout
    programs = {event["programs"][0] for event in tomllib.loads(content)["event"]}
    assert programs == {f"unknown{number:02d}" for number in range(5, 25)}
    assert "5 more programs: unknown04, unknown03, unknown02, unknown01, unknown00" in content


def test_of_a_program_that_says_very_much_only_a_part_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("acforensics.suggestion.gathering._MOST_LINES", 30)
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600)
    for number in range(100):
        log.log("chatty", f"request {number}", pid=7, wait=1)
    log.log("ACDAEMON", "input power lost", pid=8).wait(2).os_stop("halt").wait(4000).boot()
    content = run("parsers", "suggest", log.write(tmp_path)).stdout
    assert {event["programs"][0] for event in tomllib.loads(content)["event"]} == {"ACDAEMON", "chatty"}
    assert "30 lines were read, and there are more" in content
    assert "1 line in all" in content


def test_nothing_to_suggest_says_what_was_looked_at(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).boot().wait(3600).log("dbus-daemon", "x").os_stop("halt")
    done = run("parsers", "suggest", log.wait(4000).boot().write(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"in 1 file of \d+ lines; of \d+ programs near 1 end and 2 starts", done.stderr)


def test_without_an_end_or_a_start_the_remedy_is_said(tmp_path):
    log = Machine("svr031", datetime(2026, 2, 3, 8, 0, 0)).log("ACDAEMON", "input power lost")
    done = run("parsers", "suggest", log.write(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert "no end or start" in done.stderr


def test_inputs_that_cannot_be_read(bundle, tmp_path):
    missing = run("parsers", "suggest", tmp_path / "missing")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert "missing" in missing.stderr
    partly = run("parsers", "suggest", bundle, tmp_path / "missing")
    assert partly.returncode == 3
    assert tomllib.loads(partly.stdout)["event"]
    (tmp_path / "empty.log").write_bytes(b"")
    empty = run("parsers", "suggest", tmp_path / "empty.log")
    assert empty.returncode == 3
    assert "no record" in empty.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("site.txt", "must end in .toml"),
        ("esmpro_ac.toml", "would replace our own"),
        ("linux-stops.toml", "is the name of other definitions"),
        ("no/such/site.toml", "does not exist"),
    ],
)
def test_an_output_that_cannot_be_used_is_refused(bundle, tmp_path, name, said):
    done = run("parsers", "suggest", bundle, "-o", tmp_path / name)
    assert done.returncode == 2
    assert said in done.stderr


def test_an_existing_file_is_never_overwritten(bundle, tmp_path):
    target = tmp_path / "site.toml"
    target.write_text("mine", encoding="utf-8")
    done = run("parsers", "suggest", bundle, "-o", target)
    assert done.returncode == 2
    assert "never overwritten" in done.stderr
    assert target.read_text(encoding="utf-8") == "mine"
