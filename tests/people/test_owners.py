import pytest

from tests.department import Department


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts", {"name": "Acme"}),
        ("/contacts", {"name": "Ann"}),
        ("/activities", {"kind": "call", "summary": "Call"}),
    ],
)
async def test_an_owner_is_not_taken_away(department: Department, path: str, fields: dict[str, str]) -> None:
    rep = await department.representative()
    if path == "/activities":
        fields = fields | {"account_id": (await rep.post("/accounts", {"name": "Acme"}))["id"]}
    record = await rep.post(path, fields)

    problem = await rep.patch(f"{path}/{record['id']}", {"owner_id": None}, expect=422)

    assert [each["pointer"] for each in problem["errors"]] == ["/owner_id"]
    assert (await rep.get(f"{path}/{record['id']}"))["version"] == 1
