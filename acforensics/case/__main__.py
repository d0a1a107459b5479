"""`python -m acforensics.case` prints the JSON Schema of the result."""

import json
import sys

from acforensics.case import json_schema

sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
