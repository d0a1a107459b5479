"""One line of a log.

From bytes to text (`encoding`), from text to a framed record (`framing`), without its secrets (`secrets`).
"""

from acforensics.lines.encoding import decode_line
from acforensics.lines.framing import Record, frame, read_stamp, split_records
from acforensics.lines.secrets import mask_secrets

__all__ = ["Record", "decode_line", "frame", "mask_secrets", "read_stamp", "split_records"]
