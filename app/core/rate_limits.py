"""How much of this process each key and each organization may use, told on every answer to them.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11. What is counted is counted by this process alone
(docs/decisions/0015-rate-limits-are-counted-by-each-process.md).
"""

import time
from collections.abc import Callable, Hashable, MutableMapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problems import Problem
from app.core.settings import Settings
from app.core.token_buckets import Buckets, Quota

POLICY_FIELD = "RateLimit-Policy"
FIELD = "RateLimit"
_STANDING = "stageline.rate_limit"
_WEIGHT = "stageline.weight"
_ITEMS_PER_UNIT = 5  # 200 records in one batch take as long as 40 requests (decision 14)


class TooManyRequests(Problem):
    """More was asked than the quota allows; `violated-policies` names those of `RateLimit-Policy` that are used up."""

    status = 429
    title = "Too many requests"
    remedy = (
        "Wait as many seconds as `Retry-After` says, then send it again; ask more slowly, as the header `RateLimit` "
        "tells. Many records go in fewer requests: a batch counts as one request and one more for every five items."
    )

    def __init__(self, policies: Sequence[str], retry_after_seconds: int) -> None:
        super().__init__(extra={"violated-policies": list(policies)}, headers={"Retry-After": str(retry_after_seconds)})


class RateLimits:
    """The quotas of keys and organizations."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        window = settings.rate_limit_window_seconds
        quotas = (
            Quota("key", settings.rate_limit_key_requests, window),
            Quota("organization", settings.rate_limit_organization_requests, window),
        )
        self._buckets = [Buckets(quota, clock=clock) for quota in quotas]
        self.policy = ", ".join(f'"{each.name}";q={each.units};w={window}' for each in quotas if each.units)

    def charge(self, scope: MutableMapping[str, Any], key: Hashable, organization: Hashable) -> None:
        """Let a request spend what it weighs, once however often its transaction runs; raises `TooManyRequests`.

        A refused request spends nothing. A heavy one is let in while there is anything left, and leaves a debt.
        """
        if _STANDING in scope or not self.policy:
            return
        spending = [
            (buckets, spender, buckets.left(spender))
            for buckets, spender in zip(self._buckets, (key, organization), strict=True)
            if buckets.quota.units
        ]
        is_refused = any(left < 1 for _, _, left in spending)
        weight = 0 if is_refused else scope.get(_WEIGHT, 1)
        scope[_STANDING] = ", ".join(_told(buckets, left - weight) for buckets, _, left in spending)
        if is_refused:
            empty = [(buckets, left) for buckets, _, left in spending if left < 1]
            raise TooManyRequests(
                [buckets.quota.name for buckets, _ in empty],
                max(buckets.seconds_until_more(left) for buckets, left in empty),
            )
        for buckets, spender, _ in spending:
            buckets.spend(spender, weight)


def weigh(scope: MutableMapping[str, Any], body: object) -> None:
    """Have a request that carries a list count for its items too."""
    if isinstance(body, dict):
        longest = max((len(value) for value in body.values() if isinstance(value, list)), default=0)
        scope[_WEIGHT] = 1 + longest // _ITEMS_PER_UNIT


class RateLimitFields:
    """Pure ASGI: tells those who were charged the quotas, and what is left of them."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app = app
        self._policy = (POLICY_FIELD.lower().encode(), policy.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and (standing := scope.get(_STANDING)):
                field = (FIELD.lower().encode(), standing.encode())
                message["headers"] = [*message.get("headers", ()), self._policy, field]
            await send(message)

        await self.app(scope, receive, told)


def _told(buckets: Buckets, left: float) -> str:
    return f'"{buckets.quota.name}";r={max(int(left), 0)};t={buckets.seconds_until_more(left)}'
