"""What Schemathesis is told of this service beyond its document: loaded by name, see `schemathesis.toml`."""

import json
import os
import re
import uuid
from collections.abc import Mapping
from typing import Any, get_args

import httpx
import schemathesis
from hypothesis import strategies as st
from iso4217 import Currency
from pydantic_core.core_schema import ErrorType
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

from tests.builders.problem_documents import problem_of

_KEY = re.compile(r"[!-~]{1,255}")
_KEYS = os.environ["STAGELINE_FUZZING_KEYS"].split(",")  # of the manager of operations, and of a sales manager
_OWN = {*(key.split("_")[1] for key in _KEYS), *os.environ["STAGELINE_FUZZING_USERS"].split(",")}
_FOR_SELLERS = ("/v1/proposals", "/v1/contracts")
_TOLD_BY_SCHEMAS = set(get_args(ErrorType)) - {
    "value_error",  # rules over several fields, which generators of code could not read if they were schemas
}
_PLACES_BEYOND_SCHEMAS = re.compile(
    r"/items/\d+/external_id"  # demanded of an upsert, not of a creation
    r"|.*/(target_value|value|quantity|\w+_percent)"  # decimals: texts to JSON Schema, which have no bounds
    r"|/(loss_)?reason"  # demanded by some moves of a pipeline
    r"|/currency"  # demanded with money, not with counts
    r"|/query/resource"  # demanded by actions that are about a record
    r"|/path/.*"  # links are also made up from words in the paths of other operations, as if they were ids
)

schemathesis.openapi.format("iso-4217", st.sampled_from(sorted(each.code for each in Currency)))


@schemathesis.check
def problem_document(_context: object, response: Any, case: Any) -> None:
    """Whatever is refused is a problem document, as the tests of this project see it."""
    if response.status_code >= httpx.codes.BAD_REQUEST and case.method.upper() != "HEAD":
        headers = httpx.Headers([(name, value) for name, values in response.headers.items() for value in values])
        problem_of(response.status_code, headers, response.content)


@schemathesis.auth(refresh_interval=None)  # else the first answer would be taken for all operations
class Credential:
    """Somebody who may: the manager of operations, but where only those who sell may write."""

    def get(self, case: Any, _context: object) -> str:
        is_for_sellers: bool = case.path.startswith(_FOR_SELLERS)
        return _KEYS[is_for_sellers]

    def set(self, case: Any, data: str, _context: object) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(_context: object, case: Any, _kwargs: object) -> None:
    """A key belongs to one request: those that are made up are made up anew each time."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and _KEY.fullmatch(key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def filter_case(_context: object, case: Any) -> bool:
    """Whoever asks takes no credential away from themselves: all later answers would be 401."""
    ids = set((case.path_parameters or {}).values()) if isinstance(case.path_parameters, Mapping) else set()
    return case.method.upper() in {"GET", "POST"} or not _OWN & ids


@schemathesis.hook
def filter_failure(_context: object, failure: Any, case: Any, response: Any) -> bool:
    """What no schema can tell is none of the document's mistakes."""
    if isinstance(failure, AcceptedNegativeData):
        return not _was_refused_item_by_item(case, response)
    if isinstance(failure, RejectedPositiveData):
        return not _is_beyond_schemas(json.loads(response.content))
    return True


def _is_beyond_schemas(problem: Mapping[str, Any]) -> bool:
    """Whether a rule of the business refused, rather than the form of the input."""
    places = problem.get("errors", [])
    return bool(places) and all(
        place["code"] not in _TOLD_BY_SCHEMAS or _PLACES_BEYOND_SCHEMAS.fullmatch(place["pointer"]) for place in places
    )


def _was_refused_item_by_item(case: Any, response: Any) -> bool:
    """A batch in the mode `per_item` answers 200, and refuses each item by itself."""
    if not case.path.endswith("/batch") or response.status_code != httpx.codes.OK:
        return False
    return any(item["status"] == httpx.codes.UNPROCESSABLE_ENTITY for item in json.loads(response.content)["items"])
