"""The settings of a cluster, from clp.conf and stop.sh: what they say, and whether the HOWTO wants them so."""

from acforensics.settings.audit import audit
from acforensics.settings.collected import SITE_SETTINGS, Groups, NamedSeconds, Settings
from acforensics.settings.collecting import read
from acforensics.settings.configuration import ClusterConfiguration, read_configuration
from acforensics.settings.observed import LongestStop, Observed
from acforensics.settings.rows import SettingRow
from acforensics.settings.stop_script import LoggedText, StopScript, read_script

__all__ = [
    "SITE_SETTINGS",
    "ClusterConfiguration",
    "Groups",
    "LoggedText",
    "LongestStop",
    "NamedSeconds",
    "Observed",
    "SettingRow",
    "Settings",
    "StopScript",
    "audit",
    "read",
    "read_configuration",
    "read_script",
]
