"""Which server a file and a host name belong to."""

from acforensics.servers.hostless import Server, stem
from acforensics.servers.identifying import ServerMap, identify

__all__ = ["Server", "ServerMap", "identify", "stem"]
