"""The command line: outputs, exit statuses, messages.

In a real process: what it leaves, each exit status, what it prints in Japanese, equal bytes, and how signals end it.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from acforensics.case import json_schema
from samples.scenario import Machine
from tests.command_line import run


def in_a_process(*arguments, cwd, env=None):
    return subprocess.run(
        [sys.executable, "-m", "acforensics", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False, env={**os.environ, "COLUMNS": "80", **(env or {})},
    )  # fmt: skip


@pytest.fixture
def logs(tmp_path):
    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1)
    log.os_stop("reboot").wait(60).boot()
    return log.write(tmp_path)


@pytest.fixture
def quiet_logs(tmp_path):
    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60).log("app", "x")
    return log.write(tmp_path)


def test_without_outputs_the_verdict_is_printed_and_a_report_is_written(logs, tmp_path):
    done = in_a_process("analyze", logs, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ope1" in done.stdout
    assert "acforensics-report.html" in done.stdout
    assert "<html" in (tmp_path / "acforensics-report.html").read_text(encoding="utf-8")


def test_json_on_standard_output_and_nothing_else(logs, tmp_path):
    done = in_a_process("analyze", logs, "--json", "-", cwd=tmp_path)
    result = json.loads(done.stdout)
    assert result["schema"] == "acforensics/case/1"
    assert list(tmp_path.glob("*.html")) == []


def test_the_json_fits_its_schema_and_the_shipped_schema_is_current(logs, tmp_path):
    from pathlib import Path

    result = json.loads(run("analyze", logs, "--json", "-", cwd=tmp_path).stdout)
    jsonschema.validate(result, json_schema(), format_checker=jsonschema.FormatChecker())
    shipped = Path(__file__).parents[2] / "docs" / "case.schema.json"
    assert json.loads(shipped.read_text(encoding="utf-8")) == json_schema()


def test_the_same_input_gives_the_same_bytes(logs, tmp_path):
    first = in_a_process("analyze", logs, "--json", "-", cwd=tmp_path, env={"PYTHONHASHSEED": "1"}).stdout
    second = in_a_process("analyze", logs, "--json", "-", cwd=tmp_path, env={"PYTHONHASHSEED": "2"}).stdout
    assert first == second


def test_every_claim_in_the_json_can_be_opened_at_its_line(logs, tmp_path):
    result = json.loads(run("analyze", logs, "--json", "-", cwd=tmp_path).stdout)
    claims = [e for s in result["shutdowns"] for e in s["evidence"]] + [
        e for f in result["findings"] for e in f["evidence"]
    ]
    assert claims
    for claim in claims:
        with open(claim["input"], encoding="utf-8") as file:  # noqa: PTH123
            assert file.read().splitlines()[claim["line"] - 1] == claim["text"]


def test_japanese_output(logs, tmp_path):
    done = in_a_process("analyze", logs, "--lang", "ja", cwd=tmp_path)
    assert "OS コマンド" in done.stdout
    result = json.loads(run("analyze", logs, "--lang", "ja", "--json", "-", cwd=tmp_path).stdout)
    assert "再起動" in result["findings"][0]["title"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_timelines_hold_what_timesketch_and_pandas_need(logs, tmp_path, ending):
    import pandas as pd

    target = tmp_path / f"t.{ending}"
    assert run("analyze", logs, "--timeline", target, "--quiet", cwd=tmp_path).returncode == 0
    if ending == "csv":
        with target.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert {"datetime", "message", "timestamp_desc"} <= set(rows[0])
    elif ending == "jsonl":
        rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
        assert {"datetime", "message", "timestamp_desc"} <= set(rows[0])
    else:
        rows = pd.read_parquet(target)
        assert str(rows.index.dtype) == "datetime64[us, UTC]"
    assert len(rows) > 10


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--fail-on", "info", "-q", "-o", "r.html"], 1), (["--tz", "Mars/Olympus"], 2), (["none.tar.gz", "-q", "--json", "r.json"], 3)],
)  # fmt: skip
def test_a_process_ends_with_the_status_and_no_more_than_a_line(logs, tmp_path, arguments, status):
    done = in_a_process("analyze", logs, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (status != 1)


@pytest.mark.parametrize(("level", "status"), [("critical", 1), ("info", 1)])
def test_fail_on(logs, tmp_path, level, status):
    assert run("analyze", logs, "--fail-on", level, "--quiet", "-o", "r.html", cwd=tmp_path).returncode == status


def test_fail_on_without_findings(quiet_logs, tmp_path):
    done = run("analyze", quiet_logs, "--fail-on", "info", "-o", "r.html", cwd=tmp_path)
    assert done.returncode == 0
    assert "0 " not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tz", "Mars/Olympus"], "no such time zone"),
        (["--timeline", "t.xlsx"], ".csv, .jsonl or .parquet"),
        (["--since", "yesterday-ish"], "not a time"),
        (["--parsers", "no-such-folder"], "no such folder"),
        (["--loop-window", "0"], "more than 0"),
        (["--year", "3"], "not a year"),
        (["-o", "no/such/dir/r.html"], "does not exist"),
    ],
)
def test_wrong_usage_is_status_2_with_one_line(logs, tmp_path, arguments, said):
    done = run("analyze", logs, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_output_that_is_an_input_is_refused(logs, tmp_path):
    target = logs / "var" / "log" / "messages"
    before = target.read_bytes()
    done = run("analyze", target, "--json", target, cwd=tmp_path)
    assert done.returncode == 2
    assert target.read_bytes() == before


def test_a_missing_input_is_said_and_the_rest_is_analysed(logs, tmp_path):
    done = run("analyze", logs, "no-such.tar.gz", "--json", "out.json", cwd=tmp_path)
    assert done.returncode == 3
    assert "no-such.tar.gz" in done.stderr
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert len(result["shutdowns"]) == 1
    assert any("no-such.tar.gz" in problem for problem in result["problems"])


def test_nothing_recognised_says_what_was_read_and_what_to_do(tmp_path):
    (tmp_path / "notes.txt").write_text("hello\nworld\n", encoding="utf-8")
    done = run("analyze", "notes.txt", cwd=tmp_path)
    assert done.returncode == 3
    assert "in 1 file of 2 lines" in done.stderr
    assert "hello" in done.stderr
    assert "--parsers" in done.stderr


def test_a_bad_definition_names_file_line_and_reason(logs, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "bad.toml").write_text('name = "bad"\ntitle = { en = "x", ja = "x" }\n[[event]]\nid = "a"\nkind = "ac.power_failure"\n'
                                   'programs = ["x"]\npattern = "(?=a)"\nstatus = "unverified"\nsource = "me"\nexamples = ["x"]\n', encoding="utf-8")  # fmt: skip
    done = run("analyze", logs, "--parsers", site, cwd=tmp_path)
    assert done.returncode == 2
    assert "bad.toml:7" in done.stderr
    assert "look-around" in done.stderr


def test_a_site_definition_makes_esmpro_ac_the_trigger(tmp_path):
    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60)
    log.log("acmon", "E1001 utility power failed on UPS1", pid=77).wait(300).os_stop("halt").wait(3600).boot()
    folder = log.write(tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    (site / "our_ac.toml").write_text(
        'name = "our-ac"\ntitle = { en = "Our ESMPRO/AC", ja = "自サイトの ESMPRO/AC" }\n[[event]]\nid = "power-failure"\n'
        'kind = "ac.power_failure"\nprograms = ["acmon"]\npattern = "^E1001 utility power failed"\nstatus = "verified"\nsource = "our servers"\n'
        'examples = ["Nov 24 09:01:00 svr031 acmon[77]: E1001 utility power failed on UPS1"]\n', encoding="utf-8",
    )  # fmt: skip
    assert run("parsers", "check", site, cwd=tmp_path).returncode == 0
    result = json.loads(run("analyze", folder, "--parsers", site, "--json", "-", cwd=tmp_path).stdout)
    assert [s["trigger"] for s in result["shutdowns"]] == ["ac-power-failure"]
    without = json.loads(run("analyze", folder, "--json", "-", cwd=tmp_path).stdout)
    assert [s["trigger"] for s in without["shutdowns"]] == ["unknown"]


def test_the_recognition_code_reaches_no_output(tmp_path):
    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60)
    log.sudo("root", "/usr/local/AUTORC/amccmd -downrequest ShutdownOff 127.0.0.1 svr031 S3cretCode")
    log.log("app", 'AC_SECCODE="S3cretCode" is set; password=hunter2').wait(5).clp_stop("clpdown").wait(60).boot()
    folder = log.write(tmp_path)
    (folder / "stop.sh").write_text('AC_SECCODE="S3cretCode"\n', encoding="utf-8")
    done = run("analyze", folder, "-o", "r.html", "--json", "r.json", "--timeline", "r.csv", cwd=tmp_path)
    everything = (
        done.stdout
        + done.stderr
        + "".join((tmp_path / f"r.{e}").read_text(encoding="utf-8") for e in ("html", "json", "csv"))
    )
    assert "S3cretCode" not in everything
    assert "hunter2" not in everything


def test_explain_lists_and_explains_every_rule_and_trigger(tmp_path):
    from typing import get_args

    from acforensics.case import Trigger
    from acforensics.cooperation import load
    from acforensics.findings import CONCLUSIONS, RULES

    listed = run("explain", cwd=tmp_path).stdout
    for number, name in enumerate((*RULES, *CONCLUSIONS, *get_args(Trigger), *(sequence.id for sequence in load()))):
        assert name in listed
        languages = (
            ("en", "ja")
            if name in ("crash", "os-command-shutdown", "cluster-shutdown-halt")
            else ("en", "ja")[number % 2 :][:1]
        )
        for lang in languages:
            page = run("explain", name, "--lang", lang, cwd=tmp_path)
            assert page.returncode == 0, name
            assert all(len(line.encode("euc_jp", "replace")) <= 80 for line in page.stdout.splitlines()), name
    assert run("explain", "nonsense", cwd=tmp_path).returncode == 2


def test_a_site_s_sequence_replaces_ours(tmp_path):
    from acforensics.resources import folder

    own = tmp_path / "sequences"
    own.mkdir()
    ours = (folder("sequences") / "cluster-shutdown-halt.toml").read_text(encoding="utf-8")
    (own / "cluster-shutdown-halt.toml").write_text(
        ours.replace('"clusterpro.daemon_stopping"', '"clusterpro.failover_started"')
    )
    bundle = str(folder("samples") / "clpstdn-halt" / "bundle")
    verdicts = []
    for more in ([], ["--sequences", str(own)]):
        done = run("analyze", bundle, "--json", "-", *more, cwd=tmp_path)
        found = json.loads(done.stdout)["sequences"]
        verdicts.append({one["verdict"] for one in found if one["id"] == "cluster-shutdown-halt"})
    assert verdicts == [{"conforms"}, {"not-observable"}]
    (own / "bad.toml").write_text('id = "bad"\n')
    refused = run("analyze", bundle, "--json", "-", "--sequences", str(own), cwd=tmp_path)
    assert refused.returncode == 2
    assert "bad.toml:1" in refused.stderr


def test_demo_prints_where_the_report_is(tmp_path):
    done = run("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "acforensics-report.html" in done.stdout
    assert (tmp_path / "acforensics-report.html").exists()


def test_version_names_the_libraries(tmp_path):
    assert "google-re2" in in_a_process("--version", cwd=tmp_path).stdout


def test_all_names_are_real():
    import acforensics

    assert all(getattr(acforensics, name) is not None for name in acforensics.__all__)


def test_a_torn_archive_is_said_and_what_was_read_before_is_analysed(tmp_path):
    from samples.scenario import archive

    log = Machine("svr031", datetime(2026, 11, 24, 9, 0, 0)).boot().wait(60).sudo("ope1", "/sbin/reboot").wait(1)
    log.os_stop("reboot").wait(60).boot()
    log.files["zzz"] = [f"Nov 24 09:00:00 svr031 app: filler {number * 7919}" for number in range(30_000)]
    whole = archive([log], datetime(2026, 11, 24, 12, 0, 0))
    (tmp_path / "svr031.tar.gz").write_bytes(whole[: len(whole) - 2_000])
    done = run("analyze", "svr031.tar.gz", "--json", "out.json", "-q", cwd=tmp_path)
    assert done.returncode == 3
    assert "svr031.tar.gz" in done.stderr
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [s["actor"] for s in result["shutdowns"]] == ["ope1"]


def test_an_input_with_facts_only_says_what_was_read(tmp_path):
    (tmp_path / "timezone").write_text("Asia/Tokyo\n", encoding="utf-8")
    found = run("analyze", tmp_path / "timezone", cwd=tmp_path)
    assert found.returncode == 3
    assert "timezone" in found.stderr
    assert "nothing recognised" in found.stderr


HOSTILE = "\x1b[31mred\x07\x9b1m\u202etxt"


def test_messages_write_out_what_steers_a_terminal(logs, tmp_path):
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "notes.txt").write_text(f"no log at all {HOSTILE}\n", encoding="utf-8")
    entry = {"MESSAGE": HOSTILE, "__REALTIME_TIMESTAMP": "1796293686746367", "_PID": HOSTILE, "_HOSTNAME": HOSTILE}
    (logs / "journal.json").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    done = run("analyze", logs, odd, f"{HOSTILE}.log", "--json", "case.json", "--timeline", "case.csv", cwd=tmp_path)
    assert done.returncode == 3
    written = (tmp_path / "case.json").read_text(encoding="utf-8")
    for shown in (done.stdout, done.stderr, written, (tmp_path / "case.csv").read_text(encoding="utf-8")):
        assert [c for c in shown if not c.isprintable() and c not in "\n"] == []
    assert r"\x1b[31mred" in done.stderr
    assert any("\x1b[31mred" in note or r"\x1b[31mred" in note for note in json.loads(written)["problems"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_leaves_nothing_behind(tmp_path, number):
    for name in ("bin", "tmp", "case"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin" / "journalctl"
    program.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/started.new\nmv {tmp_path}/started.new {tmp_path}/started\nexec sleep 60\n"
    )
    program.chmod(0o755)
    (tmp_path / "case" / "system.journal").write_bytes(b"LPKSHHRH" + bytes(300))
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "acforensics", "analyze", "case", "-o", "case.html"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as process:
        within = time.monotonic() + 30
        while not (tmp_path / "started").exists() and time.monotonic() < within:
            time.sleep(0.05)
        assert [path.suffix for path in (tmp_path / "tmp").iterdir()] == [".journal"]
        process.send_signal(number)
        said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (128 + number, b"")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not Path(f"/proc/{(tmp_path / 'started').read_text().strip()}").exists()


def test_a_kind_that_is_nearly_one_that_decides_is_asked_about(tmp_path):
    (tmp_path / "own").mkdir()
    definition = """
name = "own"
title = { en = "Ours", ja = "当社" }
[[event]]
id = "mains-lost"
kind = "KIND"
programs = ["upsguard"]
pattern = '^mains lost$'
status = "verified"
source = "our own agent"
examples = ["Nov 24 18:30:11 svr031 upsguard[8]: mains lost"]
"""
    for kind, said in (("ups.on_batery", "is 'ups.on_battery' meant?"), ("site.backup_started", "")):
        (tmp_path / "own" / "own.toml").write_text(definition.replace("KIND", kind), encoding="utf-8")
        done = run("parsers", "check", tmp_path / "own")
        assert done.returncode == 0
        assert said in done.stderr
        assert bool(said) == bool(done.stderr)
