"""Where the documents are: of the code, of the last release, and the breaks that are meant."""

import json
from pathlib import Path

from tests.compatibility.schemas import Json

_FOLDER = Path(__file__).parents[2] / "openapi"
CURRENT = _FOLDER / "openapi.json"
RELEASED = _FOLDER / "released.json"
INTENDED = _FOLDER / "intended-breaks.json"


def read(path: Path) -> Json:
    """A document, or the reasons by the change that they are for."""
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found
