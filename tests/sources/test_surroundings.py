"""The lines around the evidence: those of the file as it is, without secrets, and none where it has changed."""

from __future__ import annotations

import gzip
import tarfile

import pytest

import acforensics


@pytest.fixture
def lines(machine):
    """A reboot that somebody typed; the lines beside it tell more, and one of them holds a secret."""
    log = machine().boot().wait(600)
    log.log("app", "AC_SECCODE=hush-4711 amccmd").log("app", "サーバーは正常です")
    log.sudo("ope1", "/sbin/reboot").wait(1).os_stop("reboot").wait(60).boot()
    return log.files["messages"]


def around(case):
    (finding,) = [one for one in case.findings if one.rule == "os-command-shutdown"]
    decisive = finding.evidence[0]
    return case.surroundings.get((decisive.input, decisive.line))


@pytest.mark.parametrize("packed", ["", "gz", "tar.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_lines_before_and_after_are_read_from_the_file_as_it_lies(tmp_path, lines, packed, encoding):
    content = "".join(line + "\n" for line in lines).encode(encoding)
    file = tmp_path / "svr031" / "messages"
    file.parent.mkdir()
    if packed == "gz":
        file.with_suffix(".gz").write_bytes(gzip.compress(content))
    else:
        file.write_bytes(content)
    given = tmp_path / "svr031"
    if packed == "tar.gz":
        given = tmp_path / "svr031.tar.gz"
        with tarfile.open(given, "w:gz") as archive:
            archive.add(file, "svr031/messages")
    case = acforensics.analyze([given])
    found = around(case)
    assert any(line.endswith("サーバーは正常です") for line in found.before)
    assert any("AC_SECCODE=" in line and "hush" not in line for line in found.before)
    assert len(found.before) == 3
    assert "System is rebooting" in " ".join(found.after)
    page = case.to_html()
    assert "サーバーは正常です" in page
    assert "hush-4711" not in page


def test_a_file_that_is_another_now_gives_none(tmp_path, lines):
    (tmp_path / "messages").write_text("".join(line + "\n" for line in lines))
    case = acforensics.analyze([tmp_path])
    (tmp_path / "messages").write_text("".join(line + "\n" for line in lines[5:]))
    assert around(case) is None


def test_a_file_that_is_gone_gives_none(tmp_path, lines):
    (tmp_path / "messages").write_text("".join(line + "\n" for line in lines))
    case = acforensics.analyze([tmp_path])
    (tmp_path / "messages").unlink()
    assert case.surroundings == {}
