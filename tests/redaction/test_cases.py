"""`analyze --redact`: every output has stand-ins, errors too; the map is written on request."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

import acforensics
from tests.command_line import run
from tests.raw_logs import stamp
from tests.redaction.conftest import ORIGINALS, syslog


def test_no_output_has_a_name(bundle, tmp_path):
    outputs = {suffix: tmp_path / f"out.{suffix}" for suffix in ("html", "json", "md", "csv")}
    done = run(
        "analyze", bundle, "--redact", "-o", outputs["html"], "--json", outputs["json"], "--markdown", outputs["md"],
        "--timeline", outputs["csv"], "--redaction-map", tmp_path / "map",
    )  # fmt: skip
    told = {"printed": done.stdout + done.stderr, **{k: p.read_text(encoding="utf-8") for k, p in outputs.items()}}
    for kind, shown in told.items():
        for original in ORIGINALS:
            assert original not in shown.lower(), (kind, original)
    assert str(bundle.parent) not in told["json"]
    assert json.loads((tmp_path / "map").read_text())["user"]["tanaka"] in told["json"]
    assert stat.S_IMODE((tmp_path / "map").stat().st_mode) == 0o600


def test_an_error_has_stand_ins(tmp_path):
    (tmp_path / "svr031").write_text(syslog("svr031"))
    done = run("analyze", tmp_path, "--redact", "--clock", "svr999=5", "--json", "-")
    assert done.returncode == 2
    assert "server1" in done.stderr
    assert "svr031" not in done.stderr


def test_a_map_without_stand_ins_is_refused(bundle, tmp_path):
    assert run("analyze", bundle, "--redaction-map", tmp_path / "map").returncode == 2


@pytest.mark.parametrize("host", ["log", "a", "reboot", "server1", "web", "db"])
def test_a_server_with_an_ordinary_name_is_replaced_where_it_is_a_name(tmp_path, host):
    (tmp_path / "messages").write_text(syslog(host, f"clusterpro: <type: nm><event: 1> Server {host} has started."))
    plain, redacted = acforensics.analyze([tmp_path]), acforensics.analyze([tmp_path], redact=True)
    name = "server2" if host == "server1" else "server1"
    assert [server.name for server in redacted.model.servers] == [name]
    assert [end.trigger for end in redacted.shutdowns] == [end.trigger for end in plain.shutdowns]
    texts = [one.text for boot in redacted.boots for one in boot.evidence]
    assert all(f" {name} " in one and f" {host} " not in one for one in texts)
    assert any("reboot" in one.text for end in redacted.shutdowns for one in end.evidence)


def test_the_lines_around_evidence_have_stand_ins(tmp_path):
    said = [f"sudo:   tanaka : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/shutdown -r now {'x' * 50}"]
    said.append(f"agent[3]: {'y' * 200} svr031tail svr031")
    (tmp_path / "messages").write_text(syslog("svr031", *said))
    case = acforensics.analyze([tmp_path], redact=True)
    around = [line for one in case.surroundings.values() for line in (*one.before, *one.after)]
    assert around
    assert not any("svr031 " in line or "tanaka" in line for line in around)


def test_clocks_may_be_given_by_the_original_name(tmp_path):
    (tmp_path / "messages").write_text(syslog("svr031"))
    case = acforensics.analyze([tmp_path], redact=True, clock={"svr031": 5.0})
    assert case.model.generator.options["clock"] == {"server1": 5.0}
    assert case.model.generator.options["redact"] is True


def test_where_the_input_lies_is_left_out(tmp_path):
    folder = tmp_path / "acme corporation" / "logs"
    folder.mkdir(parents=True)
    (folder / "messages").write_text(f"{stamp(0)} svr031 systemd[1]: x\n" + syslog("svr031"))
    case = acforensics.analyze([folder], redact=True)
    assert [Path(one.path) for one in case.model.inputs] == [Path("logs/messages")]
    assert "acme" not in case.to_json()
