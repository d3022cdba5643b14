"""What every request passes on its way to a route, and every answer on its way back: pure ASGI, outermost last."""

from fastapi import FastAPI, Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from app.core.admission import Admission, Admitted
from app.core.body_limit import BodyLimit
from app.core.idempotency import HEADER, REPLAYED
from app.core.problem_handlers import UnexpectedErrors, render
from app.core.problems import BadRequest
from app.core.rate_limits import FIELD, POLICY_FIELD, RateLimitFields, RateLimits
from app.core.request_log import RequestLog
from app.core.request_metrics import Measured, RequestMetrics
from app.core.security_headers import SecurityHeaders
from app.core.settings import Settings

_REQUEST_HEADERS = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-Id")


class CrossOrigin(CORSMiddleware):
    """Starlette's, whose refusals are problem documents too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < BadRequest.status:
            return response
        refusal = render(BadRequest("This origin, or what it asks for, is not among those that the service allows."))
        for name, value in response.headers.items():
            refusal.headers.setdefault(name, value)
        return refusal


def install(
    app: FastAPI, settings: Settings, metrics: RequestMetrics, limits: RateLimits, admission: Admission
) -> None:
    """Put the layers around the application."""
    app.add_middleware(UnexpectedErrors)
    if limits.policy:
        app.add_middleware(RateLimitFields, policy=limits.policy)
    app.add_middleware(BodyLimit, most_bytes=settings.max_body_bytes, deadline_seconds=settings.body_deadline_seconds)
    app.add_middleware(Admitted, admission=admission)
    app.add_middleware(
        CrossOrigin,
        allow_origins=settings.cors_allowed_origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[*_REQUEST_HEADERS, HEADER],
        expose_headers=["ETag", REPLAYED, "Location", "X-Request-Id", "Retry-After", POLICY_FIELD, FIELD],
    )
    app.add_middleware(
        SecurityHeaders, is_shared=bool(settings.cors_allowed_origins), is_behind_tls=settings.is_behind_tls
    )
    app.add_middleware(RequestLog)
    app.add_middleware(Measured, metrics=metrics)
