"""A cluster of two servers as the HOWTO wants it, from which tests change one thing at a time."""

from __future__ import annotations

from acforensics import settings

OWN_CODE = "Zq7-own-code"
BRANCH = """
    if [ "$CLP_LASTACTION" = "HALT" ]
    then
        echo "AC ACTION HALT"
        AC_OPT="ShutdownOff"

    elif [ "$CLP_LASTACTION" = "REBOOT" ]
    then
        echo "AC ACTION REBOOT"
        AC_OPT="ShutdownReboot"

    fi

    sleep 30s          # 業務用のグループの停止に必要な時間に変更する
    echo "AC EXEC COMMAND"
    logger -i -t CLUSTERPRO "AC EXEC COMMAND"
    /usr/local/AUTORC/amccmd -downrequest "$AC_OPT" "$AC_IPADDR" "$AC_HOSTNAME" "$AC_SECCODE"
    logger -i -t CLUSTERPRO "AC EXEC COMMAND"
    echo "AC EXIT COMMAND"
    sleep 30s          # 各サーバのESMPRO/ACが通信して確認し合うのに必要な時間に変更する
"""
STOP = f"""#!/bin/sh
#*******
#*  stop.sh
#*******
AC_IPADDR="127.0.0.1"
AC_HOSTNAME=`hostname -s`
AC_SECCODE="{OWN_CODE}"  # デフォルトは ESMACnet

if [ "$CLP_FACTOR" = "CLUSTERSHUTDOWN" ]
then
    echo "AC FACTOR CLUSTERSHUTDOWN"
{BRANCH}
elif [ "$CLP_FACTOR" = "SERVERSHUTDOWN" ]
then
    echo "AC FACTOR SERVERSHUTDOWN"
{BRANCH}
fi
echo "AC SCRIPT EXIT"
exit 0
"""


def group(name: str, server: str, resource: str) -> str:
    return (
        f'\t<group name="{name}"><comment>ESMPRO/AC 用</comment><resource name="exec@{resource}"/><gid>2</gid>\n'
        f'\t\t<policy name="{server}"><order>0</order></policy>\n'
        f"\t\t<start>1</start>\n\t\t<failover>1</failover>\n"
        "\t</group>\n"
    )


def exec_resource(name: str, new: bool) -> str:
    act, deact = (0, 4) if new else (1, 1)
    return (
        f'\t\t<exec name="{name}"><comment/>\n'
        "\t\t\t<parameters><act><path>start.sh</path></act><deact><path>stop.sh</path></deact></parameters>\n"
        f"\t\t\t<act><retry>0</retry><fo>0</fo><action>{act}</action></act>\n"
        f"\t\t\t<deact><retry>0</retry><action>{deact}</action></deact>\n"
        "\t\t</exec>\n"
    )


def configuration(version: str = "5.2.0-1", encoding: str = "EUC-JP") -> str:
    new = version >= "5.2"
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<root>\n'
        "\t<all><charset>EUC-JP</charset><encode>EUC-JP</encode><serveros>linux</serveros></all>\n"
        f"\t<trekking><savedversion>{version}</savedversion></trekking>\n"
        "\t<cluster><comment>業務クラスタ</comment><name>cl1</name></cluster>\n"
        '\t<server name="svr047"><priority>1</priority></server>\n'
        '\t<server name="svr031"><priority>0</priority></server>\n'
        + group("AC_1", "svr031", "exec_ac1")
        + group("AC_2", "svr047", "exec_ac2")
        + '\t<group name="failover1"><resource name="fip@fip1"/><resource name="exec@exec1"/><gid>0</gid></group>\n'
        '\t<resource><types name="exec"/>\n'
        + exec_resource("exec_ac1", new)
        + exec_resource("exec_ac2", new)
        + exec_resource("exec1", new)
        + "\t</resource>\n"
        '\t<monitor><types name="diskw"/>\n'
        '\t\t<diskw name="diskw1"><parameters><object>/dev/sdc2</object></parameters>\n'
        "\t\t\t<relation><type>cls</type><name>LocalServer</name></relation>\n"
        "\t\t\t<emergency><threshold><restart>0</restart><fo>0</fo></threshold><action>1</action></emergency></diskw>\n"
        "\t</monitor>\n"
        "</root>\n"
    )


BUSINESS_STOP = "#!/bin/sh\necho NORMAL1\nsleep 5\nexit 0\n"


def files(conf: str | None = None, stop: str = STOP) -> dict[str, bytes]:
    """All files of a bundle of two servers."""
    found: dict[str, bytes] = {}
    for server in ("svr031", "svr047"):
        found[f"{server}/etc/clp.conf"] = (conf if conf is not None else configuration()).encode("euc_jp")
        for name, resource, content in (
            ("AC_1", "exec_ac1", stop),
            ("AC_2", "exec_ac2", stop),
            ("failover1", "exec1", BUSINESS_STOP),
        ):
            found[f"{server}/scripts/{name}/{resource}/stop.sh"] = content.encode()
            found[f"{server}/scripts/{name}/{resource}/start.sh"] = b"#!/bin/sh\nexit 0\n"
    return found


def statuses(rows: list[settings.SettingRow], item: str) -> list[str]:
    return [row.status for row in rows if row.item == item]
