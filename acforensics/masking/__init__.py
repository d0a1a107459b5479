"""Secrets stay in the inputs: the recognition code of ESMPRO/AC and passwords are replaced before anything is kept.

`mask_secrets` takes one line or one name. It is asked wherever a text enters: lines and fields in `sources`, names of
files and folders in `bundle`, what the user typed in `cli`.
"""

from acforensics.masking.lines import continued, mask_secrets
from acforensics.masking.names import ShownNames, mask_path
from acforensics.masking.values import MASK

__all__ = ["MASK", "ShownNames", "continued", "mask_path", "mask_secrets"]
