"""What a department's day looks like to the service: mostly reading, and moves that make records and events."""

import json
from collections.abc import Sequence
from itertools import pairwise

from bench.faults.house import House
from bench.faults.walk import PIPELINE, body_of
from bench.stage import Organization

_ON_THE_WAY = ("first", "second", "third", "second", "first")


async def day(house: House, deals: int) -> list[list[str]]:
    """Turns of two organizations: of six, three read a deal, one lists, one records a call, one moves a deal."""
    ours, theirs = [await turns_of(house, each, deals // 2) for each in (house.ours, house.theirs)]
    return [turn for pair in zip(ours, theirs, strict=True) for turn in pair]


async def turns_of(house: House, organization: Organization, deals: int) -> list[list[str]]:
    """The turns of one organization."""
    pipeline = await house.post("/pipelines", organization.operations, PIPELINE)
    turns: list[list[str]] = []
    for number in range(deals):
        reader, key = (organization.operations, organization.manager)[number % 2], organization.manager
        deal = await house.post("/opportunities", key, {"name": f"Deal {number}", "pipeline_id": pipeline["id"]})
        path = f"/v1/opportunities/{deal['id']}"
        call = {"kind": "call", "status": "held", "summary": "They need new fences", "opportunity_id": deal["id"]}
        read = [_request("GET", path, reader)]
        moves = [
            _request("POST", f"{path}/transitions", key, body_of("on the way", to_stage))
            for _, to_stage in pairwise(_ON_THE_WAY)
        ]
        turns += [read, moves, read, [_request("GET", "/v1/opportunities?limit=20", reader)]]
        turns += [read, [_request("POST", "/v1/activities", key, call)]]
    return _interleaved(turns)


def _interleaved(turns: Sequence[list[str]]) -> list[list[str]]:
    # neighbours in time are not neighbours in a list of records
    stride = 7 * 6 + 1
    return [turns[at * stride % len(turns)] for at in range(len(turns))] if len(turns) % stride else list(turns)


def _request(method: str, path: str, key: str, body: object = None) -> str:
    content = "" if body is None else json.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: stageline", f"Authorization: Bearer {key}"]
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", content])
