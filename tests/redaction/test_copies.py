"""`acforensics redact`: nothing of the original is in the copy, its structure is, and it stays the same with any order."""

from __future__ import annotations

import json
import stat
import tarfile
from pathlib import Path

import pytest

import acforensics
from acforensics.redaction import Copy, redact
from acforensics.redaction.copying import LEFT_OUT
from acforensics.sources import utmp
from tests.command_line import run
from tests.redaction.conftest import CODE, ORIGINALS, everything_in, write_bundle


@pytest.fixture(scope="module")
def copied(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, Path]:
    output = tmp_path_factory.mktemp("output") / "copy"
    return redact([bundle], output), output


@pytest.fixture(scope="module")
def files(copied: tuple[Copy, Path]) -> dict[str, str]:
    return {name: content.decode("latin-1") for name, content in everything_in(copied[1]).items()}


@pytest.mark.parametrize("original", ORIGINALS)
def test_nothing_of_the_original_is_in_any_byte(files, original):
    for name, content in files.items():
        told = f"{name}\n{content}".lower()
        for shown in (told, told.replace("\0", ""), told.replace("\\", "")):
            assert original not in shown, name
        assert original.encode().hex() not in told


def test_two_mentions_of_one_are_one(copied, files):
    names = copied[0].pseudonyms.as_map()
    server, user = names["server"]["svr031"], names["user"]["tanaka"]
    messages = files[f"case/{server}/var/log/messages"]
    assert f"Started Session 1 of user {user}." in messages
    assert f"\\n{server} #012{server} %20{server} failover_{server} {server}:/export {user}'s" in messages
    peer = names["server"]["svr047"]
    assert f"Server {peer.upper()} has been stopped" in messages
    assert f"relay={peer}.{names['domain']['kobe-dc.example.jp']}[{names['ipv4']['192.168.10.47']}]:25" in messages
    mac, second = names["mac"]["525400123456"], names["mac"]["525400aabbcc"]
    colons = [":".join(digits[i : i + 2] for i in range(0, 12, 2)) for digits in (mac, second)]
    assert f"eth0: {colons[0]} MAC={colons[0]}:{colons[1]}:08:00 SRC={names['ipv4']['192.168.10.21']}" in messages
    assert names["user"]["takahash"] == names["user"]["takahashi"]


def test_each_stand_in_is_of_one_only_and_none_is_an_original(copied):
    for kind, pairs in copied[0].pseudonyms.as_map().items():
        assert not set(pairs.values()) & set(pairs), kind
        assert len(set(pairs.values())) == len(pairs) - (kind == "user"), kind


def test_files_lie_where_they_lay_and_are_packed_as_they_were(copied, files):
    server, peer = (copied[0].pseudonyms.hosts[name] for name in ("svr031", "svr047"))
    folder = copied[1] / "case" / server
    magic = {f"var/log/messages-{server}.1.gz": b"\x1f\x8b", "var/log/secure.xz": b"\xfd7zXZ", "var/log/cron.bz2": b"BZh",
             "var/log/user.zst": b"\x28\xb5\x2f\xfd"}  # fmt: skip
    for name, beginning in magic.items():
        assert (folder / name).read_bytes().startswith(beginning), name
    assert f"case/{peer}-log.tar.gz!inner/{peer}.zip!{peer}.log" in files
    with tarfile.open(copied[1] / "case" / f"{peer}-log.tar.gz") as archive:
        assert archive.getmember("var/log/messages").mtime == 1_795_599_818


def test_encodings_and_line_ends_stay(copied):
    folder = copied[1] / "case" / copied[0].pseudonyms.hosts["svr031"]
    user = copied[0].pseudonyms.users["tanaka"]
    japanese = (folder / "cp932.log").read_bytes()
    assert f"表{folder.name} ソ{user} を停止\r\n" in japanese.decode("cp932")
    assert "を停止\n" in (folder / "euc.log").read_bytes().decode("euc_jp")
    wide = (folder / "wide.log").read_bytes()
    assert wide.startswith(b"\xff\xfe")
    assert wide.decode("utf-16") == (folder / "var/log/messages").read_text()


def test_login_records_keep_their_form(copied):
    folder = copied[1] / "case" / copied[0].pseudonyms.hosts["svr031"]
    names = copied[0].pseudonyms.as_map()
    data = (folder / "var/log/wtmp").read_bytes()
    assert len(data) == 3 * 384
    boot, first, second = (utmp.unpack(data, at, utmp.LAYOUTS[0]) for at in (0, 384, 768))
    assert boot.names == (b"~~", b"reboot", b"~", b"5.14.0")
    assert first.names[1] == names["user"]["tanaka"].encode()
    assert first.names[3].decode() == f"{names['server']['svr047']}.{names['domain']['kobe-dc.example.jp']}"
    assert ".".join(map(str, second.address[:4])) == names["ipv4"]["192.168.10.21"]


def test_secrets_are_gone_and_the_script_stays_one(files, copied):
    script = next(content for name, content in files.items() if name.endswith("stop.sh"))
    assert CODE not in script
    assert "AC_SECCODE=****\n" in script
    assert script.count("\n") == 9
    assert "amccmd -downrequest ShutdownOff" in script


def test_what_is_left_out_is_said_in_the_copy_and_outside(copied):
    server = copied[0].pseudonyms.hosts["svr031"]
    assert [one.en.partition(":")[0] for one in copied[0].left_out] == [f"case/{server}/core.bin"]
    assert "core.bin" in (copied[1] / LEFT_OUT).read_text(encoding="utf-8")
    assert not list(copied[1].rglob("core.bin"))


def test_message_ids_of_the_catalogue_stay(files):
    assert (
        next(content for name, content in files.items() if name.endswith("journal.json")).count(
            "98268866d1d54a499c4e98921d93bc40"
        )
        == 3
    )


def test_the_order_and_the_place_of_inputs_change_nothing(bundle, copied, tmp_path):
    parts = sorted(bundle.iterdir(), reverse=True)
    again = redact(parts, tmp_path / "other.tar.gz")
    assert again.pseudonyms.as_map() == copied[0].pseudonyms.as_map()


def test_an_archive_by_name_holds_the_same(bundle, copied, files, tmp_path):
    redact([bundle], tmp_path / "copy.tgz")
    redact([bundle], tmp_path / "again.tgz")
    assert (tmp_path / "copy.tgz").read_bytes() == (tmp_path / "again.tgz").read_bytes()
    found = {
        name.removeprefix("copy.tgz!"): content for name, content in everything_in(tmp_path).items() if "copy" in name
    }
    assert {name: content.decode("latin-1") for name, content in found.items()} == files


def test_a_copy_of_a_copy_is_the_same_verdict(bundle, copied):
    def told(case):
        return [(end.trigger, end.mode, end.confidence, end.time) for end in case.shutdowns]

    plain, redacted = acforensics.analyze([bundle]), acforensics.analyze([copied[1]])
    assert told(plain) == told(redacted)
    assert len(plain.shutdowns) > 0


# --- the command


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small" / "svr031"
    folder.mkdir(parents=True)
    (folder / "messages").write_text("Nov 25 18:00:00 svr031 sshd[1]: session opened for user tanaka\n")
    return folder.parent


def test_the_map_is_written_only_on_request_and_for_oneself(small, tmp_path):
    assert run("redact", small, "-o", tmp_path / "a").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "small"]
    done = run("redact", small, "-o", tmp_path / "b", "--redaction-map", tmp_path / "map.json")
    assert done.returncode == 0
    assert json.loads((tmp_path / "map.json").read_text())["server"] == {"svr031": "server1"}
    assert stat.S_IMODE((tmp_path / "map.json").stat().st_mode) == 0o600
    assert "tanaka" not in done.stdout + done.stderr


def test_nothing_is_replaced_unless_forced(small, tmp_path):
    output = tmp_path / "a"
    output.mkdir()
    (output / "mine").write_text("x")
    refused = run("redact", small, "-o", output)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert (output / "mine").exists()
    assert run("redact", small, "-o", output, "--force").returncode == 0
    assert [path.name for path in output.iterdir()] == ["small"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "small"]


@pytest.mark.parametrize("place", ["small", "small/inside", "."])
def test_a_copy_within_its_input_is_refused(small, tmp_path, place):
    refused = run("redact", small, "-o", tmp_path / place, "--force")
    assert refused.returncode == 2
    assert (small / "svr031" / "messages").exists()


def test_an_input_that_cannot_be_read_is_said_and_nothing_is_written(tmp_path):
    done = run("redact", tmp_path / "none", "-o", tmp_path / "a")
    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_a_torn_archive_is_copied_as_far_as_it_goes(tmp_path):
    write_bundle(tmp_path / "in")
    whole = (tmp_path / "in" / "svr047-log.tar.gz").read_bytes()
    torn = tmp_path / "svr047-log.tar.gz"
    torn.write_bytes(whole[: len(whole) - 40])
    done = run("redact", torn, "-o", tmp_path / "a")
    assert done.returncode == 3
    assert "svr047" not in done.stdout + done.stderr
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["server1-log.tar.gz"]
