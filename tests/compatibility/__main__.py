"""`python -m tests.compatibility` tells what has broken since the last release; `--release` makes this one the last."""

import json
import sys

from tests.compatibility.documents import breaking_changes, form_of
from tests.compatibility.releases import CURRENT, INTENDED, RELEASED, read

if __name__ == "__main__":
    if "--release" in sys.argv:
        RELEASED.write_text(json.dumps(form_of(read(CURRENT)), separators=(",", ":")) + "\n", encoding="utf-8")
        INTENDED.write_text("{}\n", encoding="utf-8")
    found = breaking_changes(read(RELEASED), form_of(read(CURRENT)))
    sys.stdout.write("\n".join(found or ["compatible with the last release"]) + "\n")
    sys.exit(bool(set(found) - read(INTENDED).keys()))
