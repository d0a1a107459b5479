"""`acforensics audit`: bundles and bare files, outputs, exit statuses; and never the code."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import jsonschema
import pytest

import acforensics
from acforensics.case import AuditModel
from acforensics.rendering.audit import render
from tests import command_line
from tests.settings.cluster import OWN_CODE, STOP, configuration, files


def run(*arguments, cwd):
    return command_line.run("audit", *arguments, cwd=cwd)


@pytest.fixture
def case_json(write):
    """Files → everything that an analysis says of them."""

    def made(given: dict[str, str]) -> str:
        folder = write({path: content.encode() for path, content in given.items()})
        case = acforensics.analyze([folder], year=2026)
        return case.to_json() + case.to_html()

    return made


def test_a_bundle_in_an_archive(write, tmp_path: Path) -> None:
    folder = write(files(stop=STOP.replace(OWN_CODE, "ESMACnet")))
    archive = tmp_path / "bundle.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, "bundle")
    done = run(archive, "--json", "-", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    jsonschema.validate(result, AuditModel.model_json_schema(by_alias=True, mode="serialization"))
    assert result["schema"] == "acforensics/audit/1"
    assert result["problems"] == []
    wrong = [one for one in result["settings"] if one["status"] == "differs"]
    assert {one["item"] for one in wrong} == {"recognition-code"}
    assert {one["server"] for one in wrong} == {"svr031", "svr047"}
    path, line = wrong[0]["source"].rsplit(":", 1)
    assert path.endswith("bundle.tar.gz!bundle/svr031/scripts/AC_1/exec_ac1/stop.sh")
    assert "AC_SECCODE" in STOP.split("\n")[int(line) - 1]
    assert run(archive, "--json", "-", cwd=tmp_path).stdout == done.stdout


def test_bare_files(tmp_path: Path) -> None:
    (tmp_path / "clp.conf").write_bytes(configuration().encode("euc_jp"))
    (tmp_path / "stop.sh").write_text(STOP)
    done = run("clp.conf", "stop.sh", "--json", "audit.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    result = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    found = {one["item"]: one["status"] for one in result["settings"]}
    assert (found["recognition-code"], found["activation-failure"], found["stop-script-command"]) == ("ok", "ok", "ok")
    assert "differs" not in found.values()


def test_two_bare_configurations_are_compared(tmp_path: Path) -> None:
    for name, start in (("a", 0), ("b", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clp.conf").write_text(
            configuration().replace("<start>1", f"<start>{start}"), encoding="euc_jp"
        )
    result = json.loads(run("a/clp.conf", "b/clp.conf", "--json", "-", cwd=tmp_path).stdout)
    rows = [one for one in result["settings"] if one["item"] == "configuration-alike"]
    assert [one["status"] for one in rows] == ["differs"]


def test_the_terminal_says_what_differs_first(write, tmp_path: Path) -> None:
    folder = write(files(configuration("4.3.0-1").replace("<start>1", "<start>0", 1)))
    for lang, words in (("en", ("differs", "unknown", "ok")), ("ja", ("相違", "不明", "適合"))):
        done = run(folder, "--lang", lang, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        places = [done.stdout.index(f"\n{word}") for word in words]
        assert places == sorted(places)
        assert "\x1b" not in done.stdout
        from rich.cells import cell_len

        assert max(map(cell_len, done.stdout.splitlines())) <= 80 or all(
            "/" in line for line in done.stdout.splitlines() if cell_len(line) > 80
        )


def test_statuses(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here\n")
    nothing = run("notes.txt", cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (3, "")
    assert "clp.conf" in nothing.stderr
    assert "notes.txt" in nothing.stderr
    assert "clp.conf" in run("notes.txt", "--lang", "ja", cwd=tmp_path).stderr
    assert run("missing", cwd=tmp_path).returncode == 3
    assert run(cwd=tmp_path).returncode == 2
    assert run("notes.txt", "--place", "x=y", cwd=tmp_path).returncode == 2
    (tmp_path / "clp.conf").write_bytes(configuration().encode("euc_jp")[:-200])
    torn = run("clp.conf", cwd=tmp_path)
    assert torn.returncode == 3
    assert "clp.conf: not well-formed XML at line" in torn.stderr
    assert "unknown" in torn.stdout


def test_a_bomb_is_refused_with_file_line_and_remedy(tmp_path: Path) -> None:
    bomb = configuration().replace("<root>", '<!DOCTYPE root [<!ENTITY a "aaaa">]>\n<root>')
    (tmp_path / "clp.conf").write_bytes(bomb.encode("euc_jp"))
    done = run("clp.conf", cwd=tmp_path)
    assert done.returncode == 3
    assert "clp.conf: not read: line 2 has a document type" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_a_site_names(tmp_path: Path) -> None:
    document = configuration().replace("<name>cl1</name>", "<name>cl1</name><wait>600</wait>")
    (tmp_path / "clp.conf").write_bytes(document.encode("euc_jp"))
    result = json.loads(run("clp.conf", "--json", "-", "--place", "sync-wait=cluster/wait", cwd=tmp_path).stdout)
    assert [one["found"] for one in result["settings"] if one["item"] == "sync-wait"] == ["600 s"]


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("broken", [False, True])
def test_the_code_is_in_no_output(write, tmp_path: Path, lang: str, broken: bool) -> None:
    stop = STOP.replace('"AC EXEC COMMAND"', '"AC $AC_SECCODE"').replace("#!/bin/sh", f"#!/bin/sh # {OWN_CODE}")
    given = files(stop=stop.replace("\nfi\necho", "\necho") if broken else stop)
    given["svr047/scripts/AC_2/exec_ac2/stop.sh"] = given["svr047/scripts/AC_2/exec_ac2/stop.sh"].replace(
        b"30s", b"31s"
    )
    given["svr031/usr/local/AUTORC/ac.conf"] = f"CLUSTERPRO連携={OWN_CODE}\nSECCODE={OWN_CODE}\n".encode()
    folder = write(given)
    for more in ([], ["--json", "-"]):
        done = run(folder, "--lang", lang, *more, cwd=tmp_path)
        assert done.stdout
        assert OWN_CODE not in done.stdout + done.stderr


def test_hostile_names_do_not_steer_the_terminal(case) -> None:
    from acforensics import settings
    from acforensics.case import Generator

    document = configuration().replace('group name="AC_1"', 'group name="AC_1\u202e\u200b"')
    rows = settings.audit(case({"etc/clp.conf": document.encode()}))
    model = AuditModel(generator=Generator(name="x", version="0", options={}), settings=[row.setting() for row in rows])
    shown = render(model, "en")
    assert "\\u202e" in shown
    assert "\u202e" not in shown
    assert "\x1b[" in render(model, "en", colour=True)


def test_a_file_that_is_not_what_its_name_says_is_named(write, tmp_path: Path) -> None:
    folder = write({**files(), "svr099/etc/clp.conf": b"name=x\n" * 9})
    done = run(folder, cwd=tmp_path)
    assert done.returncode == 3
    assert "svr099/etc/clp.conf: not read: what it holds does not look like what its name says" in done.stderr


@pytest.mark.parametrize("first", [f"K={OWN_CODE}", f"#!/bin/sh -{OWN_CODE}", f"set -- '{OWN_CODE}'"])
def test_no_line_of_a_script_is_shown_in_a_report(case_json, first: str) -> None:
    log = "Nov 24 22:10:00 svr031 CLUSTERPRO[12]: AC EXEC COMMAND\n"
    shown = case_json({"svr031/stop.sh": f"{first}\n{STOP}", "svr031/messages": log})
    assert "stop.sh" in shown
    assert OWN_CODE not in shown
    pasted = case_json({"svr031/stop.sh": f"{first}\n{STOP}{log}", "svr031/messages": log})
    assert OWN_CODE not in pasted
