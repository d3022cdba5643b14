import pytest

from tests.department import Department


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/leads", "created_at_gte"),
        ("/leads", "created_at_lte"),
        ("/opportunities", "closed_at_gte"),
        ("/opportunities", "closed_at_lte"),
    ],
)
async def test_a_moment_without_its_offset_is_refused(department: Department, path: str, name: str) -> None:
    problem = await department.operations.get(path, expect=422, **{name: "2026-11-23T10:00:00"})

    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [(f"/query/{name}", "timezone_aware")]


@pytest.mark.parametrize("number", ["0", "0.5", "-1", "1700000000"])
@pytest.mark.parametrize(("path", "name"), [("/leads", "created_at_lte"), ("/contracts", "signed_on_gte")])
async def test_a_number_is_no_date(department: Department, path: str, name: str, number: str) -> None:
    problem = await department.operations.get(path, expect=422, **{name: number})

    assert [each["pointer"] for each in problem["errors"]] == [f"/query/{name}"]


@pytest.mark.parametrize("number", [0, 0.5, "1700000000"])
@pytest.mark.parametrize(("path", "name"), [("/activities", "planned_at"), ("/opportunities", "close_on")])
async def test_a_number_is_no_date_in_a_body_either(
    department: Department, path: str, name: str, number: object
) -> None:
    about = {"kind": "call", "summary": "A call"} if path == "/activities" else {"name": "A deal"}
    problem = await department.operations.post(path, {**about, name: number}, expect=422)

    assert [each["pointer"] for each in problem["errors"]] == [f"/{name}"]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/accounts", "employee_count", True),
        ("/accounts", "employee_count", "12"),
        ("/leads", "allow_duplicate", 1),
        ("/leads", "allow_duplicate", "yes"),
        ("/opportunities/batch", "items", "text"),
    ],
)
async def test_a_json_value_is_taken_for_no_other_kind(
    department: Department, path: str, name: str, value: object
) -> None:
    problem = await department.operations.post(path, {"name": "A name", name: value}, expect=422)

    assert f"/{name}" in [each["pointer"] for each in problem["errors"]]


@pytest.mark.parametrize("blank", ["", " ", "\u0085", "\u001d", "\ufeff", " \t\u001f\u00a0"])
async def test_a_name_of_whitespace_is_none(department: Department, blank: str) -> None:
    problem = await department.operations.post("/accounts", {"name": blank}, expect=422)

    assert [each["pointer"] for each in problem["errors"]] == ["/name"]


async def test_a_whole_number_may_be_written_with_a_point(department: Department) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme", "employee_count": 12.0})

    assert account["employee_count"] == 12


async def test_an_outcome_that_does_not_exist_is_refused(department: Department) -> None:
    problem = await department.operations.get("/opportunities", expect=422, outcome="gone")

    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/query/outcome/0", "enum")]
