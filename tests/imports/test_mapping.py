from pathlib import Path
from typing import Any

import pytest

from app.imports.completion import address
from app.imports.mapping import MappingInvalid, check_mapping, load_mapping
from tests.builders.imports import deal_section, import_small, mapping, write_folder
from tests.builders.real_data import MAPPING
from tests.department import Department


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"colour": "red"}, "opportunities[0].colour: Extra inputs are not permitted"),
        ({"file": "../deals.csv"}, "opportunities[0].file: String should match pattern '^[^/\\\\]+$'"),
        ({"encoding": "klingon"}, "opportunities[0].encoding: is no known encoding of text"),
        ({"encoding": "hex"}, "opportunities[0].encoding: is no known encoding of text"),
        ({"delimiter": '"'}, "opportunities[0].delimiter: cannot be a quote or a line break"),
        ({"date_format": "%d.%m."}, "opportunities[0].date_format: does not give day, month and year"),
        ({"history": [{"stage": "Demo!", "on": "engaged"}]}, "opportunities[0].history[0].stage: "),
    ],
)
def test_names_the_place_of_each_mistake(change: dict[str, Any], error: str) -> None:
    with pytest.raises(MappingInvalid) as refused:
        check_mapping(mapping(**change))

    assert refused.value.errors[0].startswith(error)


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"colour": "id"}, "opportunities[0]: opportunities have no colour; they have external_id, name, account"),
        ({"currency": "id"}, "opportunities[0]: currency: given as a column and as a constant"),
        ({"name": {"column": "id", "times": 2}}, "opportunities[0]: name: times is for amounts only"),
        ({"name": {"column": "id", "template": "{id}"}}, "opportunities[0].columns.name: give either column or"),
        ({"name": {}}, "opportunities[0].columns.name: give either column or template"),
    ],
)
def test_names_the_field_of_each_mistake(columns: dict[str, Any], error: str) -> None:
    given = mapping(columns=deal_section()["columns"] | columns)

    with pytest.raises(MappingInvalid) as refused:
        check_mapping(given)

    assert refused.value.errors[0].startswith(error)


def test_demands_the_fields_that_a_record_cannot_lack() -> None:
    given = mapping(columns={"external_id": "id"})

    with pytest.raises(MappingInvalid) as refused:
        check_mapping(given)

    assert refused.value.errors == ["opportunities[0]: name, stage, outcome: needed for opportunities"]


def test_refuses_a_mapping_of_nothing() -> None:
    with pytest.raises(MappingInvalid, match="mapping: name at least one file"):
        check_mapping({"name": "nothing"})


@pytest.mark.parametrize(
    ("content", "error"), [(b"name = ", "Invalid value (at end of document)"), (b"name = '\xff'", "is not UTF-8")]
)
def test_refuses_a_file_that_is_no_toml(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "m.toml").write_bytes(content)

    with pytest.raises(MappingInvalid) as refused:
        load_mapping(tmp_path / "m.toml")

    assert refused.value.errors == [f"m.toml: {error}"]


async def test_refuses_a_history_of_stages_that_the_pipeline_lacks(department: Department, tmp_path: Path) -> None:
    given = mapping(history=[{"stage": "daydreaming", "on": "engaged"}])

    with pytest.raises(MappingInvalid, match="the pipeline has no stage daydreaming"):
        await import_small(department, write_folder(tmp_path), given=given)


async def test_refuses_constants_that_no_field_takes(department: Department, tmp_path: Path) -> None:
    given = mapping(constants={"currency": "dollars"})

    with pytest.raises(MappingInvalid, match="constants: currency is 'dollars', which is not an ISO 4217"):
        await import_small(department, write_folder(tmp_path), given=given)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoë O'Neil", "zoe.o.neil@x.example"),
        ("  Mei-Mei Johns ", "mei.mei.johns@x.example"),
        ("王", None),
    ],
)
def test_addresses_are_made_from_names(name: str, expected: str | None) -> None:
    assert address(name, "x.example") == expected


def test_the_documentation_shows_the_mapping_that_is_tested() -> None:
    shown = (MAPPING.parents[2] / "docs" / "imports.md").read_text(encoding="utf-8")

    assert MAPPING.read_text(encoding="utf-8") in shown
