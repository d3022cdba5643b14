import re
from collections.abc import Iterator

import httpx
import pytest

from tests.builders.server_process import ServerProcess, data_folder, serving_in


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with data_folder() as home, serving_in(home) as running:
        yield running


@pytest.fixture(scope="module")
def first_key(server: ServerProcess) -> str:
    """The key of the manager of operations, as the server printed it when it first started."""
    found = re.search(r"slk_\w+", server.output.read_text())
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def rep_key(server: ServerProcess, first_key: str) -> str:
    """The key of a sales representative."""
    with httpx.Client(base_url=f"{server.url}/v1", headers={"Authorization": f"Bearer {first_key}"}) as operations:
        person = {"name": "Rita", "email": "rita@stageline.example", "position": "sales_representative"}
        user = operations.post("/users", json=person).raise_for_status().json()
        key = operations.post("/api-keys", json={"user_id": user["id"], "name": "tests"}).raise_for_status().json()
    return str(key["key"])
