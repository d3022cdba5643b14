import os
import pwd
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.core.embedded_postgres import (
    EmbeddedPostgres,
    PostgresBinariesNotFound,
    PostgresDidNotStart,
    PostgresFolderUnusable,
    SocketPathTooLong,
    find_binaries,
)
from tests.core.server_processes import (
    acting_as,
    ask,
    cluster_of,
    holder,
    is_accepting,
    kill_server,
    pid_file_of,
    postmaster_pid,
    read_address,
    remove,
    socket_of,
    wait_until,
)

DEBIAN_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


@pytest.fixture
def empty_home() -> Iterator[Path]:
    # pytest's tmp_path lies below a 0700 folder and has a long path: both are tests of their own
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def initialised_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    with EmbeddedPostgres(folder, durable=False):
        pass
    yield folder
    remove(folder)


@pytest.fixture
def home(initialised_home: Path) -> Iterator[Path]:
    yield initialised_home
    kill_server(initialised_home)


@pytest.fixture
def running(home: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(home, durable=False) as server:
        yield server


async def test_answers_a_query(running: EmbeddedPostgres) -> None:
    assert await ask(running.url(), "SHOW server_encoding") == "UTF8"


async def test_connects_whatever_pgport_says(running: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")

    assert await ask(running.url(), "SELECT 1") == 1


async def test_listens_on_no_network_address(running: EmbeddedPostgres) -> None:
    addresses = await ask(running.url(), "SHOW listen_addresses")
    listeners = await ask(
        running.url(), "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'reject' AND type <> 'local'"
    )

    assert addresses == ""
    assert listeners == 0


async def test_keeps_data_under_the_major_version(running: EmbeddedPostgres) -> None:
    version = await ask(running.url(), "SHOW server_version")
    directory = await ask(running.url(), "SHOW data_directory")

    assert Path(str(directory)).parts[-2:] == (str(version).split(".")[0], "data")


@as_root
@pytest.mark.usefixtures("running")
def test_lets_no_other_user_in(home: Path) -> None:
    owner_id = socket_of(home).stat().st_uid
    stranger = next(user for user in pwd.getpwall() if user.pw_uid not in (0, owner_id))

    with acting_as(stranger), pytest.raises(PermissionError), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(socket_of(home)))


async def test_starting_and_stopping_twice_is_harmless(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)

    server.start()
    server.start()
    answer = await ask(server.url(), "SELECT 1")
    server.stop()
    server.stop()

    assert answer == 1
    assert not is_accepting(home)


async def test_second_process_shares_the_server_and_the_last_stops_it(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    pid = postmaster_pid(home)

    with holder(home) as other:
        pid_while_shared = postmaster_pid(home)
        server.stop()
        answer = await ask(server.url(), "SELECT 1")
        other.communicate(timeout=10)

    assert pid_while_shared == pid
    assert answer == 1
    assert not is_accepting(home)


def test_two_processes_that_start_at_once_share_the_server(empty_home: Path) -> None:
    with holder(empty_home, is_awaited=False) as one, holder(empty_home, is_awaited=False) as other:
        addresses = {read_address(one), read_address(other)}
        for process in (one, other):
            process.communicate(timeout=10)

    assert len(addresses) == 1
    assert not is_accepting(empty_home)


async def test_recovers_with_its_data_after_the_server_was_killed(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    connection = await asyncpg.connect(server.url())
    await connection.execute("CREATE TABLE note AS SELECT 'kept' AS body")
    os.kill(postmaster_pid(home), signal.SIGKILL)
    wait_until(lambda: not is_accepting(home))
    connection.terminate()

    server.start()
    body = await ask(server.url(), "SELECT body FROM note")
    fsync = await ask(server.url(), "SHOW fsync")
    server.stop()

    assert body == "kept"
    assert fsync == "on"


def test_stops_the_server_that_a_killed_process_left_behind(home: Path) -> None:
    with holder(home) as process:
        process.kill()
        process.wait(timeout=10)
    left_behind = is_accepting(home)

    with EmbeddedPostgres(home, durable=False):
        pass

    assert left_behind
    assert not is_accepting(home)


async def test_replaces_a_server_whose_socket_was_swept_away(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        socket_of(home).unlink()
        server.start()

        answer = await ask(server.url(), "SELECT 1")

    assert answer == 1


async def test_ignores_a_pid_file_that_names_a_stranger(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pid_file = pid_file_of(home)
        left_over = pid_file.read_text()
    lines = left_over.splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    with EmbeddedPostgres(home, durable=False) as server:
        answer = await ask(server.url(), "SELECT 1")

    assert answer == 1


async def test_moves_the_socket_when_the_home_has_a_long_path(empty_home: Path) -> None:
    far = empty_home / ("long name, with a comma " * 5)

    with EmbeddedPostgres(far, durable=False) as server:
        answer = await ask(server.url(), "SELECT 1")
        address_elsewhere = EmbeddedPostgres(far).url()

    assert answer == 1
    assert address_elsewhere == server.url()


@pytest.mark.skipif(os.geteuid() == 0, reason="root has a short folder of its own and never uses TMPDIR")
def test_says_so_when_no_socket_path_is_short_enough(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = empty_home / ("x" * 120)
    far.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(far))

    with pytest.raises(SocketPathTooLong, match="shorter home"):
        EmbeddedPostgres(far).start()


async def test_works_below_a_private_folder_and_leaves_it_private(empty_home: Path) -> None:
    private = empty_home / "private"
    private.mkdir(mode=0o700)
    below = private / "nested" / "home"

    with EmbeddedPostgres(below, durable=False) as server:
        answer = await ask(server.url(), "SELECT 1")
    with EmbeddedPostgres(below, durable=False) as again:
        same_address = again.url() == server.url()

    assert answer == 1
    assert same_address
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@as_root
def test_refuses_to_begin_anew_when_the_data_elsewhere_is_gone(empty_home: Path) -> None:
    below = empty_home / "private" / "home"
    below.parent.mkdir(mode=0o700)
    with EmbeddedPostgres(below, durable=False) as server:
        cluster = cluster_of(below)
    shutil.rmtree(cluster)

    with pytest.raises(PostgresFolderUnusable, match="is gone"):
        server.start()


@as_root
async def test_copies_binaries_that_the_server_user_cannot_reach(empty_home: Path) -> None:
    private = empty_home / "private"
    private.mkdir(mode=0o700)
    site_packages = find_binaries().parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site_packages / name, private / name, ignore=shutil.ignore_patterns("include"))
    bindir = private / "embedded_postgres" / "pginstall" / "bin"

    with EmbeddedPostgres(empty_home, durable=False, binaries=bindir) as server:
        answer = await ask(server.url(), "SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'")

    assert answer == 1


@pytest.mark.skipif(not DEBIAN_BINARIES, reason="Debian's postgresql package is not installed")
async def test_runs_debians_postgres(empty_home: Path) -> None:
    with EmbeddedPostgres(empty_home, durable=False, binaries=DEBIAN_BINARIES[-1]) as server:
        version = await ask(server.url(), "SHOW server_version")

    assert str(version).split(".")[0] == DEBIAN_BINARIES[-1].parent.name


def test_refuses_an_override_without_programs(tmp_path: Path) -> None:
    with pytest.raises(PostgresBinariesNotFound, match="STAGELINE_POSTGRES_BINDIR"):
        find_binaries(tmp_path)


def test_tells_the_end_of_the_log_when_it_does_not_start(empty_home: Path) -> None:
    server = EmbeddedPostgres(empty_home, durable=False)
    server.start()
    server.stop()
    with (cluster_of(empty_home) / "data" / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'many'\n")

    with pytest.raises(PostgresDidNotStart, match='invalid value for parameter "shared_buffers"'):
        server.start()
