"""No secret stays in a line, and nothing else changes."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acforensics.lines import mask_secrets
from acforensics.masking import ShownNames, continued

SECRET = "Zk9x7Qw"


def in_hex(command: str) -> str:
    return command.encode().hex().upper()


FORMS = [
    # the request of ESMPRO/AC
    f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031 {SECRET}",
    f"amccmd -downrequest ShutdownReboot 192.168.0.1 svr031 '{SECRET} x'",
    f"amccmd -downrequest 192.168.0.1 svr031 {SECRET}",
    f'amccmd -downrequest "192.168.0.1" "svr031" "{SECRET}"',
    f"amccmd -downrequest 192.168.0.1 {SECRET}",
    f"amccmd -downrequest fe80::1 svr031 {SECRET}",
    f"amccmd -downrequest ShutdownOff manager svr031 {SECRET}",
    f"amccmd -downrequest localhost svr031 x{SECRET} ; echo {SECRET}",
    f"amccmd -downrequest '' 127.0.0.1 svr031 {SECRET}",
    f'a0="amccmd" a1="-downrequest" a2="ShutdownOff" a3="192.168.0.1" a4="svr031" a5="{SECRET}"',
    f"amccmd -DownRequest 192.168.0.1 svr031 {SECRET}",
    f"amccmd -downrequest=192.168.0.1,svr031,{SECRET}",
    f'["amccmd","-downrequest","192.168.0.1","svr031","{SECRET}"]',
    f"amccmd -downrequest 192.168.0.1 svr031#012{SECRET}",
    f"amccmd '-downrequest' '192.168.0.1' 'svr031' '{SECRET}'",
    f"amccmd -downrequest\\ 192.168.0.1\\ svr031\\ {SECRET}",
    f"amccmd -downrequest%20192.168.0.1%20svr031%20{SECRET}",
    f"amccmd downrequest 192.168.0.1 svr031 {SECRET}",
    f"amccmd 192.168.0.1 svr031 {SECRET} -downrequest ShutdownOff",
    f"amccmd {SECRET} -downrequest ShutdownOff 192.168.0.1 svr031",
    f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031 \\\n  {SECRET}",
    f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031 \\#012  {SECRET}",
    f"amccmd -downrequest \\#012 ShutdownOff \\#012 192.168.0.1 \\#012 svr031 \\#012 {SECRET}",
    json.dumps({"MESSAGE": f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031 \\\n {SECRET}"}),
    json.dumps({"MESSAGE": f"amccmd -downrequest ShutdownOff 192.168.0.1 svr031\n{SECRET}"}),
    # names of the code
    f"AC_SECCODE={SECRET}",
    f'export AC_SECCODE="x {SECRET}"',
    f"export AC_SECCODE='x {SECRET}",
    f"ac_seccode: {SECRET}",
    f'AC_SECCODE ="{SECRET}"',
    f"AC_SECCODE:='{SECRET}'",
    f"AC_SECCODE+={SECRET}",
    f"AC_SECCODE[0]={SECRET}",
    f"AC_SECCODE=\\#012{SECRET}",
    f"${{AC_SECCODE:-{SECRET}}}",
    f'if [ "$AC_SECCODE" = "{SECRET}" ]',
    f'declare -x AC_SECCODE="{SECRET}"',
    f"setenv AC_SECCODE {SECRET}",
    f"seccode {SECRET}",
    f"SECCODE is {SECRET}",
    f"AC_SECCODE_OLD={SECRET}",
    f"通信用認識コード: {SECRET}",
    f"「通信用認識コード」＝{SECRET}",
    f"tool --ac-seccode {SECRET}",
    f"podman run -e AC_SECCODE='{SECRET}'",
    # passwords, as written by shells and configurations
    f"password={SECRET}",
    f"PASSWORD = {SECRET}",
    f"password\t:\t{SECRET}",
    f"Passphrase: {SECRET}",
    f"password=a,{SECRET};b",
    f"password=my\\ {SECRET}",
    f'password: "{SECRET}',
    f"password:#012  {SECRET}",
    f"passwd={SECRET}",
    f"uid=sa;pwd={SECRET}",
    f"user=a pass={SECRET}",
    f"DB_PASS={SECRET}",
    f"PGPASSWORD={SECRET} psql",
    f"MYSQL_PWD={SECRET}",
    f"x_password_file={SECRET}",
    f"DB_PASSWORD_X={SECRET}",
    f"DB_PASSWORD_X: {SECRET}",
    f"client_secret={SECRET}",
    f"config['password'] = '{SECRET}'",
    f":password=>\"{SECRET}\", 'password' => '{SECRET}'",
    f"machine h login u password {SECRET}",
    # JSON, also within JSON, CSV, URLs, HTML, XML
    f'"password": "a \\" {SECRET}", "user": "b"',
    f'{{\\"password\\":\\"{SECRET}\\"}}',
    f'\\"password\\":\\"a \\\\\\" {SECRET}\\",\\"x\\":1',
    f'\\\\\\"password\\\\\\":\\\\\\"{SECRET} b\\\\\\"',
    f'a,"{{""user"":""x"",""password"":""{SECRET} y"",""k"":1}}",b',
    f'"passwd":"{SECRET}", "pwd": "{SECRET}"',
    f'{{"name":"DB_PASSWORD","value":"{SECRET}"}}',
    f'"password":"x","AC_SECCODE":"{SECRET}"',
    f"password%3D{SECRET}%26x",
    f"password%3A%22{SECRET}%20a%22",
    f"password\\u003d{SECRET}",
    f"&quot;password&quot;:&quot;{SECRET} a&quot;",
    f"<password>{SECRET}</password>",
    f'<db:password encrypted="no">{SECRET}</db:password>',
    f"&lt;password&gt;{SECRET}&lt;/password&gt;",
    f'<param name="password" value="{SECRET}"/>',
    f'<entry key="db.password">{SECRET}</entry>',
    f'<server password="{SECRET}"/>',
    # said in words
    f"password for root is {SECRET}",
    f"password for user root is {SECRET}",
    f"Password was set to {SECRET}",
    f"パスワード：{SECRET}",
    f"パスワードは{SECRET}です",
    f"パスワードは「{SECRET}」",
    f"ﾊﾟｽﾜｰﾄﾞ={SECRET}",
    f"ｐａｓｓｗｏｒｄ＝{SECRET}",
    f"ｐassword={SECRET}",
    f"PASSWORD　＝　{SECRET}",
    # options and places of commands
    f"mysql --password {SECRET} -h db",
    f"mysql --PASSWORD={SECRET}",
    f"--pass-phrase {SECRET}",
    f"--password \\#012   {SECRET}",
    f'["mysql","--password","{SECRET}"]',
    f'a3="--password" a4="{SECRET}"',
    f"wget --http-password={SECRET} x",
    f"openssl rsa -passin pass:{SECRET}",
    f"keytool -storepass {SECRET}",
    f"ipmitool -H 192.0.2.9 -U admin -P {SECRET} power off",
    f"ipmitool -H 192.0.2.9 -P'x {SECRET}' power off",
    f'a0="ipmitool" a1="-P" a2="{SECRET}"',
    f"ipmitool user set password 2 {SECRET}",
    f"fence_ipmilan -a 192.0.2.9 -l admin -p {SECRET} -o reboot",
    f"sshpass -p'x {SECRET}' ssh svr031",
    f"mysql -u root -p{SECRET} -h db",
    f"mysql -u root -p'{SECRET}' -h db",
    f"useradd -p {SECRET} bob",
    f"curl -u admin:{SECRET} http://192.0.2.9/",
    f'curl --user "admin:x {SECRET}" http://192.0.2.9/',
    f"snmpset -v3 -A {SECRET} -X {SECRET} ups",
    f"upscmd -u admin -p {SECRET} ups@localhost shutdown.return",
    f"MONITOR ups@localhost 1 upsmon {SECRET} primary",
    f"sqlplus scott/{SECRET}@db",
    f"CREATE USER a IDENTIFIED BY '{SECRET}'",
    f"ALTER USER a WITH PASSWORD '{SECRET}'",
    f"SET PASSWORD FOR a = PASSWORD('{SECRET}')",
    f"http://root:{SECRET}@192.0.2.9/x",
    f"http://root:a@{SECRET}@192.0.2.9/x",
    f"redis://:{SECRET}@svr031/0",
    f"echo {SECRET} | sudo -S shutdown -r now",
    f'echo "root:{SECRET}" | chpasswd',
    f"echo 'a|{SECRET}' | passwd --stdin root",
    f"sudo -S shutdown -h now <<< {SECRET}",
    # hexadecimal, as the audit log writes commands
    f"cmd={in_hex('env AC_SECCODE=' + SECRET + ' shutdown -r now')}",
    f"proctitle={in_hex(chr(0).join(['amccmd', '-downrequest', '192.168.0.1', 'svr031', SECRET]))}",
    f'a0={in_hex("/x/amccmd x")} a1={in_hex("-downrequest x")} a2="ShutdownOff" a3="192.0.2.1" a4="svr031" a5="{SECRET}"',
    f'a0={in_hex("/x/amccmd x")} a1={in_hex("-downrequest x")} a2="" a3="192.0.2.1" a4="svr031" a5={in_hex(SECRET)}',
    f"a1_len=99 a1[0]={in_hex('AC_SECCODE=a' + SECRET[:3])} a1[1]={in_hex(SECRET[3:])}",
]


@pytest.mark.parametrize("line", FORMS)
def test_secrets_go(line: str) -> None:
    masked = mask_secrets(line)
    for trace in (SECRET, SECRET[3:], in_hex(SECRET), in_hex(SECRET[3:])):
        assert trace not in masked
    assert "****" in masked or in_hex("****") in masked
    assert mask_secrets(masked) == masked


def test_the_default_code_goes_wherever_it_stands() -> None:
    assert mask_secrets("code ESMACnet.") == "code ****."


@pytest.mark.parametrize(
    "line",
    [
        "sudo:     ope1 : TTY=ttyS0 ; PWD=/home/ope1 ; USER=root ; COMMAND=/usr/bin/passwd bob",
        "passwd[12]: pam_unix(passwd:chauthtok): password changed for bob",
        "passwd[12]: password for root changed",
        "sshd[1]: Accepted password for root from 10.0.0.1 port 2 ssh2",
        "sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2",
        "sshd[1]: Failed password for invalid user admin from 192.0.2.1 port 22 ssh2",
        "sshd[1]: pam_unix(sshd:auth): check pass; user unknown",
        "sshd[1]: pam_unix(sshd:account): password for user root will expire in 5 days",
        "pam_unix(gdm-password:session): session opened for user root",
        "gdm-password][12]: gkr-pam: unable to locate daemon control file",
        "unix_chkpwd[1]: password check failed for user (root)",
        "BAD PASSWORD: The password is shorter than 8 characters",
        "Password for root is expired",
        "AC_SECCODE is not set",
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "passwd: gkr-pam: couldn't update the login keyring",
        "systemd[1]: Started Forward Password Requests to Wall Directory Watch.",
        "sshd: PasswordAuthentication=yes",
        "password_min_len=8 bypass=1 pass=12",
        "systemctl --no-ask-password reboot",
        'environment: {"PWD":"/root","OLDPWD":"/tmp"}',
        "shutdown -P now",
        "mysqld --port=3306 -P 3306",
        "getty@tty1.service: Deactivated; see http://192.0.2.1:80/a@b",
        "snmpd[1]: Connection from UDP: [192.0.2.1]:161",
        "パスワードは変更されました（利用者　root）",
        "kernel: Linux version 5.14.0",
    ],
)
def test_the_rest_stays(line: str) -> None:
    assert mask_secrets(line) == line


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (
            "amccmd -downrequest ShutdownOff 192.168.0.1 svr031 code",
            "amccmd -downrequest ShutdownOff 192.168.0.1 svr031 ****",
        ),
        ("amccmd 192.168.0.1 svr031 code -downrequest Off", "amccmd 192.168.0.1 svr031 **** -downrequest Off"),
        ('{"password":"x","user":"b"}', '{"password":****,"user":"b"}'),
        ('"{""password"":""x"",""user"":""b""}",next', '"{""password"":****,""user"":""b""}",next'),
        ("利用者　ｒｏｏｔ　ｐａｓｓｗｏｒｄ＝ｘ　以上", "利用者　ｒｏｏｔ　ｐａｓｓｗｏｒｄ＝****　以上"),
        (
            f"cmd={in_hex('env AC_SECCODE=x shutdown -r now')} res=success",
            f"cmd={in_hex('env AC_SECCODE=**** shutdown -r now')} res=success",
        ),
    ],
)
def test_what_stands_around_a_secret_stays(line: str, masked: str) -> None:
    assert mask_secrets(line) == masked


def test_a_command_goes_on_in_the_next_line() -> None:
    first = "amccmd -downrequest ShutdownOff \\"
    second, third = "  192.168.0.1 svr031 \\", f"  {SECRET}"
    before = continued("", first)
    # As far as is known by then the last word may be the code.
    assert mask_secrets(second, before) == "  192.168.0.1 **** \\"
    before = continued(before, second)
    assert mask_secrets(third, before) == "  ****"
    assert not continued(before, third)
    # What holds no secret is not remembered, however long it is.
    assert not continued("", "cp a \\")
    assert len(continued("password " * 1000, "x \\")) == 0


@given(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9!#%+./:@^_~-]{4,20}", fullmatch=True), st.text(max_size=60))
def test_masking_twice_changes_nothing_more(before: str, secret: str, after: str) -> None:
    masked = mask_secrets(f"{before} AC_SECCODE={secret} {after}")
    assert f"AC_SECCODE={secret} " not in masked
    assert mask_secrets(masked) == masked


@pytest.mark.parametrize(
    "word",
    [
        "password=",
        "password ",
        "--password ",
        '\\"password\\":\\"',
        "amccmd -downrequest ",
        "パスワード「",
        "echo x | ",
        "pwd",
    ],
)
def test_long_lines_take_time_in_proportion(word: str) -> None:
    def needed(size: int) -> float:
        line = f"password=x sudo -S {word * (size // len(word))}"
        begun = time.process_time()
        mask_secrets(line)
        return time.process_time() - begun

    # Were it quadratic, 16 times as much would take 256 times as long.
    assert needed(32 << 10) < 80 * max(min(needed(2 << 10) for _ in range(3)), 0.001)


def test_names_that_differ_by_their_secrets_stay_apart() -> None:
    names = ShownNames()
    shown = [names.path(f"/in/{name}/messages") for name in ("AC_SECCODE=a", "AC_SECCODE=b", "AC_SECCODE=a", "svr031")]
    assert shown == [
        "/in/AC_SECCODE=****/messages",
        "/in/AC_SECCODE=****(2)/messages",
        "/in/AC_SECCODE=****/messages",
        "/in/svr031/messages",
    ]
    assert names.name("password=x.tar.gz") == "password=****.tar.gz"
    assert names.name("password=y.tar.gz") == "password=****(2).tar.gz"
    # A file may be called like what is shown of another one.
    assert names.name("password=****.tar.gz") == "password=****(3).tar.gz"
