"""What was recorded, made the same in every run: ids are numbered, moments follow each other, secrets are made up."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app.api_examples import INSTANCE, REQUEST_ID
from tests.examples.recording import Json, Recorded

_MOST_ITEMS = 2
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_KEY = re.compile(r"slk_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")
_KEY_ID = re.compile(r"(?=\S*\d)(?=\S*[A-Z])(?=\S*[a-z])[0-9A-Za-z]{16}")
_MADE_UP = {
    "key": "slk_0ExampleKeyId000_0ExampleSecretThatOpensNothingAtAll0000000000_000000",
    "secret": "whsec_RXhhbXBsZSBzZWNyZXQgdGhhdCBzaWducyBub3RoaW5n",
    "next_cursor": "WyJleGFtcGxlIiwiMjAyNi0xMS0yM1QxMDo1ODowMyIsIjEiXQ",
    "url": "https://billing.hedges.example/hook",
    "duration_ms": 48,
    "last_duration_ms": 48,
    "seconds_in_from_stage": 172_800,
    "revision": "0001",
}
_STORY_BEGINS = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def normal(recorded: Recorded) -> Json:
    """The examples as they are committed."""
    said: Json = {"answers": dict(recorded.answers), "problems": recorded.problems}
    _tell_of_the_stream(said["answers"])
    said = _map(_shorten(said), _Names(said))
    for problem in said["problems"].values():
        problem |= {"request_id": REQUEST_ID}
        problem["instance"] = problem["instance"].replace("-/", "").rstrip("-") or INSTANCE
    return said


def shape(value: Any) -> Any:
    """What stays the same from run to run: names, kinds of values, and how many there are."""
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
        case str() if _UUID.fullmatch(value):
            return "id"
        case str() if _MOMENT.fullmatch(value):
            return "moment"
        case bool() | None:
            return value
        case _:
            return type(value).__name__


class _Names:
    """Gives each id, key and moment another one, in the order of their first appearance or of time."""

    def __init__(self, said: Json) -> None:
        sent = {each for each in _leaves(_sent(said)) if isinstance(each, str)}
        moments = {each for each in _leaves(said) if isinstance(each, str) and _MOMENT.fullmatch(each)} - sent
        in_time = sorted(moments, key=datetime.fromisoformat)
        self._moments = {
            moment: f"{_STORY_BEGINS + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}.{120_000 + number}Z"
            for number, moment in enumerate(in_time)
        }
        self._ids: dict[str, str] = {}

    def __call__(self, name: str, value: Any) -> Any:
        if name in _MADE_UP and value not in (None, ""):
            return _MADE_UP[name]
        if not isinstance(value, str) or value in self._moments:
            return self._moments.get(value, value) if isinstance(value, str) else value
        if name in {"id", "key_id"} and _KEY_ID.fullmatch(value):
            return _MADE_UP["key"].split("_")[1] if isinstance(_MADE_UP["key"], str) else value
        return _UUID.sub(self._id, _KEY.sub(str(_MADE_UP["key"]), value))

    def _id(self, found: re.Match[str]) -> str:
        return self._ids.setdefault(found[0], f"0198c1f2-a7b4-7000-8000-{len(self._ids) + 1:012x}")


def _map(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _map(each, change, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_map(each, change, name) for each in value]
    return change(name, value)


def _shorten(said: Json) -> Json:
    """Pages tell their form with two items as well as with all."""
    for answers in said["answers"].values():
        for answer in answers.values():
            response = answer.get("response")
            if isinstance(response, list):
                answer["response"] = response[:_MOST_ITEMS]
            elif isinstance(response, dict) and isinstance(response.get("items"), list):
                answer["response"] = response | {"items": response["items"][:_MOST_ITEMS]}
    return said


def _tell_of_the_stream(answers: Json) -> None:
    """The stream has no end to wait for: what it sends is what the feed answers."""
    feed = answers["list_events"]["200"]
    event, cursor = feed["response"]["items"][0], feed["response"]["next_cursor"]
    parameters = {name: each for name, each in feed["parameters"].items() if name != "limit"}
    message = {"next_cursor": cursor, "event": event}
    answers["stream_events"] = {"200": {"parameters": parameters, "response": message}}


def _sent(said: Json) -> Iterator[Any]:
    for answers in said["answers"].values():
        for answer in answers.values():
            yield [answer["parameters"], answer.get("request")]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | Iterator):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
