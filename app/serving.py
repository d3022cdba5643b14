"""`stageline serve`: the API and the worker, in one process or in several, until they are told to leave."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from socket import AF_INET, AF_INET6, create_server, socket
from types import FrameType

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from app.core import heap, open_files, request_log
from app.core.metrics import shown_at
from app.core.processes import Processes
from app.core.protocol import Bounds, Protocol
from app.core.settings import Settings
from app.main import create_app
from app.outbox.streaming import EventStreams
from app.people.api_key import ApiKey


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class Server(uvicorn.Server):
    """uvicorn's, which leaves in the order that balancers and clients can follow.

    After SIGTERM it is not ready, and for a while still answers, each connection for the last time; then the event
    streams end, and what is in flight is waited for. `told` are the signals that came before it listened to them.
    """

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, bounds: Bounds, delay_seconds: float, told: Sequence[int] = ()
    ) -> None:
        super().__init__(config)
        self._app = app
        self._bounds = bounds
        self._delay_seconds = delay_seconds
        self._told = told
        self._signal: int | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        if self._told:
            self.should_exit = True
        else:
            await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signal = sig
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._app.state.is_stopping = True
        self._bounds.is_draining = True
        if self._signal == signal.SIGTERM:  # whoever presses ctrl-c does not want to wait
            await asyncio.sleep(self._delay_seconds)
        streams: EventStreams = self._app.state.event_streams
        streams.stop()
        await super().shutdown(sockets)


def announce(out: Console, address: Address, key: ApiKey | None) -> None:
    """Say where the service is, and show a new organization's key, once."""
    out.print(f"Stageline is at [bold]{address.url}[/bold], its documentation at {address.url}/docs")
    if key is not None:
        out.print(f"\nYour organization's first key (manager of operations), shown this once:\n\n    {key}\n")
        out.print(f'Try: curl -H "Authorization: Bearer {key}" {address.url}/v1/me')
    else:
        out.print("Another key: stageline create-key --position sales_manager")


def run(settings: Settings, address: Address, *, with_worker: bool) -> None:
    """Serve until SIGTERM or SIGINT; requests drain and the worker gives its leases back."""
    _serve(settings, _Part(address, with_worker))


def run_several(settings: Settings, address: Address, count: int, *, with_worker: bool) -> None:
    """The same in several processes that take connections from one socket, each with a worker of its own.

    Raises OSError when the address, or one of those for metrics, cannot be listened at.
    """
    for number in range(count):
        _demand_free(_counted_up(settings.metrics_address, number))
    listener = _listen(address.host, address.port)
    work = partial(_serve_one_of_several, settings, _Part(address, with_worker, listener))
    told = asyncio.run(Processes(count, work, on_leaving=listener.close).run())
    if told == signal.SIGINT:
        raise KeyboardInterrupt


@dataclass(frozen=True, slots=True)
class _Part:
    """What one process does: listen at the address, or take connections from a socket that it shares."""

    address: Address
    with_worker: bool
    listener: socket | None = None


def _serve_one_of_several(settings: Settings, part: _Part, number: int) -> None:
    request_log.configure(settings.log_level)
    _serve(settings, part, _counted_up(settings.metrics_address, number))


def _counted_up(address: str | None, number: int) -> str | None:
    if address is None:
        return None
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + number}"


def _listen(host: str, port: int) -> socket:
    return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET)


def _demand_free(address: str | None) -> None:
    # a process that could not show its metrics would die, and be started again for ever
    if address is None:
        return
    host, _, port = address.rpartition(":")
    try:
        _listen(host, int(port)).close()
    except OSError as error:
        raise OSError(f"metrics cannot be shown at {address}: {error.strerror}") from None


def _serve(settings: Settings, part: _Part, metrics_address: str | None = None) -> None:
    # Noted, not raised: what is raised while the garbage collector calls back is lost. uvicorn raises the signal again
    # after its shutdown: leave normally, so that an embedded Postgres is stopped too.
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda sign, _: told.append(sign))
    app = create_app(settings, with_worker=part.with_worker)
    bounds = Bounds(
        admission=app.state.admission,
        most_connections=open_files.room_for(settings.max_connections),
        most_head_bytes=settings.max_header_bytes,
        head_deadline_seconds=settings.header_deadline_seconds,
    )
    config = uvicorn.Config(
        app,
        host=part.address.host,
        port=part.address.port,
        loop="uvloop",
        http=Protocol.within(bounds),
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=20,
        timeout_keep_alive=settings.keep_alive_seconds,
    )
    heap.settle()
    with shown_at(metrics_address, app.state.registry):
        server = Server(config, app, bounds, settings.shutdown_delay_seconds, told)
        server.run(None if part.listener is None else [part.listener])
