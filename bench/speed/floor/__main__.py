"""The program: `python -m bench.speed.floor <url of the service's user> <url of the owner> <port>`."""

import sys

import uvicorn
import uvloop

from app.core import heap
from app.core.database import connect, dsn
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from bench.speed.floor.application import Floor


async def main(service_url: str, owner_url: str, port: int) -> None:
    """Listen until killed, with pools and a server of the service's own defaults."""
    settings = Settings(DATABASE_URL=service_url)
    database = await connect(
        settings,
        role=APP_ROLE,
        size=settings.database_pool_size,
        acquire_timeout_seconds=settings.database_acquire_timeout_seconds,
    )
    pool = await database.session.open_pool(dsn(settings.service_url), settings.database_pool_size)
    floor = Floor(pool, database, settings)
    await floor.learn(owner_url)
    config = uvicorn.Config(
        floor,
        host="127.0.0.1",
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
    heap.settle()
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
