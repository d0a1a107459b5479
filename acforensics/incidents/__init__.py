"""From ends, starts and findings to incidents: what led to what, across servers, told as one story with one root."""

from acforensics.incidents.assembling import Incident, assemble
from acforensics.incidents.happenings import Happening

__all__ = ["Happening", "Incident", "assemble"]
