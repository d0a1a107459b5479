"""No secret stays in a line, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import mask_secrets

SECRET = "Zk9x7Qw"


@pytest.mark.parametrize(
    "line",
    [
        f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031 {SECRET}",
        f"amccmd -downrequest ShutdownReboot 192.168.0.1 svr031 '{SECRET} x'",
        f"amccmd -downrequest 192.168.0.1 svr031 {SECRET}",
        f'amccmd -downrequest "192.168.0.1" "svr031" "{SECRET}"',
        f"amccmd -downrequest 192.168.0.1 {SECRET}",
        f"amccmd -downrequest fe80::1 svr031 {SECRET}",
        f"amccmd -downrequest ShutdownOff manager svr031 {SECRET}",
        f"amccmd -downrequest localhost svr031 x{SECRET} ; echo {SECRET}",
        f'a0="amccmd" a1="-downrequest" a2="ShutdownOff" a3="192.168.0.1" a4="svr031" a5="{SECRET}"',
        f"AC_SECCODE={SECRET}",
        f'export AC_SECCODE="x {SECRET}"',
        f"export AC_SECCODE='x {SECRET}",
        f"ac_seccode: {SECRET}",
        f"password={SECRET}",
        f"PASSWORD = {SECRET}",
        f"Passphrase: {SECRET}",
        f"password=a,{SECRET};b",
        f'"password": "a \\" {SECRET}", "user": "b"',
        f"passwd={SECRET}",
        f"uid=sa;pwd={SECRET}",
        f"mysql --password {SECRET} -h db",
        f"mysql --PASSWORD={SECRET}",
        f"通信用認識コード: {SECRET}",
        f"amccmd -DownRequest 192.168.0.1 svr031 {SECRET}",
        f"amccmd -downrequest=192.168.0.1,svr031,{SECRET}",
        f'["amccmd","-downrequest","192.168.0.1","svr031","{SECRET}"]',
        f"amccmd -downrequest 192.168.0.1 svr031#012{SECRET}",
        f"seccode {SECRET}",
        f"SECCODE is {SECRET}",
        f'{{\\"password\\":\\"{SECRET}\\"}}',
        f"<password>{SECRET}</password>",
        f"--pass-phrase {SECRET}",
        f"ipmitool -H 192.0.2.9 -U admin -P {SECRET} power off",
        f"mysql -u root -p{SECRET} -h db",
        f"curl -u admin:{SECRET} http://192.0.2.9/",
        f"http://root:{SECRET}@192.0.2.9/x",
        f"パスワード＝{SECRET}".replace("＝", "："),
    ],
)
def test_secrets_go(line: str) -> None:
    masked = mask_secrets(line)
    assert SECRET not in masked
    assert "****" in masked


def test_the_default_code_goes_wherever_it_stands() -> None:
    assert mask_secrets("code ESMACnet.") == "code ****."


@pytest.mark.parametrize(
    "line",
    [
        "sudo:     ope1 : TTY=ttyS0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/usr/bin/passwd bob",
        "passwd[12]: pam_unix(passwd:chauthtok): password changed for bob",
        "sshd[1]: Accepted password for root from 10.0.0.1 port 2 ssh2",
        "passwd: gkr-pam: couldn't update the login keyring",
        "kernel: Linux version 5.14.0",
    ],
)
def test_the_rest_stays(line: str) -> None:
    assert mask_secrets(line) == line


def test_the_form_of_the_command_stays() -> None:
    masked = mask_secrets("amccmd -downrequest ShutdownOff 192.168.0.1 svr031 code")
    assert masked == "amccmd -downrequest ShutdownOff 192.168.0.1 svr031 ****"


@given(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9!#%+./:@^_~-]{4,20}", fullmatch=True), st.text(max_size=60))
def test_masking_twice_changes_nothing_more(before: str, secret: str, after: str) -> None:
    masked = mask_secrets(f"{before} AC_SECCODE={secret} {after}")
    assert f"AC_SECCODE={secret} " not in masked
    assert mask_secrets(masked) == masked
