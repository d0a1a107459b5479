"""One line of a log.

From bytes to text (`encoding`), from text to a framed record (`framing`), without its secrets (`secrets`).
"""

from acforensics.lines.encoding import decode_line
from acforensics.lines.framing import frame, frame_own, split_records
from acforensics.lines.record import Record
from acforensics.lines.secrets import mask_secrets

__all__ = ["Record", "decode_line", "frame", "frame_own", "mask_secrets", "split_records"]
