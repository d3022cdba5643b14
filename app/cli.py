"""The command line: serve, worker, migrate, organizations and keys, secrets, openapi, demo, import, prove, audit.

Each command imports what it does when it is run: the API alone takes a second to load.
"""

import asyncio
import json
import re
import signal
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Annotated
from uuid import UUID

import typer
import uvloop

from app import __version__
from app.audit.verification import Head
from app.core import heap
from app.core.secret_keys import new_key
from app.core.settings import Settings
from app.imports.options import DryRun, Folder, MappingFile, ReportFile, SkipBadRows
from app.operating import err, out, perform, read_settings, ready_settings, run_as_command, user_errors_told
from app.people.permissions import Position

app = typer.Typer(
    name="stageline",
    help="The system of record of a sales department.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)
app.add_typer(audit, name="audit")

_CURRENCY = re.compile("[A-Z]{3}")
_DAMAGED = 1

ExpectedHead = Annotated[
    Head | None, typer.Option(parser=Head.parse, help="A head that was printed before, `<position>:<digest>`.")
]
Organization = Annotated[UUID | None, typer.Option("--organization", help="Which organization; needed if several.")]


def _demand_name(name: str) -> str:
    if not name.strip():
        raise typer.BadParameter("an organization needs a name")
    return name


def _demand_currency(code: str) -> str:
    if _CURRENCY.fullmatch(code) is None:
        raise typer.BadParameter(f"{code!r} is not a currency code of three capital letters, such as USD")
    return code


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8000,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty service with a demonstration department.")
    ] = False,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Deliver webhooks too.")] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
) -> None:
    """Run the API, and the worker, on the given Postgres or on an embedded one."""
    loading = Thread(target=import_module, args=("app.serving",))
    loading.start()  # while the embedded Postgres starts
    with ready_settings() as settings:
        from app.installation import prepare

        key = run_as_command(prepare(settings))
        loading.join()
        from app import serving
        from app.demonstration import demonstrate

        address = serving.Address(host, port)
        serving.announce(out, address, key)
        if demo:
            run_as_command(demonstrate(settings, out, address.url))
        if workers == 1:
            serving.run(settings, address, with_worker=worker)
        else:
            serving.run_several(settings, address, workers, with_worker=worker)


@app.command()
def worker() -> None:
    """Deliver webhooks; any number of workers may run."""
    from app.webhooks.worker import run_worker

    async def run(settings: Settings) -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await run_worker(settings, stop)

    with ready_settings() as settings, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        heap.settle()
        runner.run(run(settings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from app.installation import migrate_to_newest

    perform(migrate_to_newest)
    out.print("The database is at the newest schema.")


@app.command()
def create_organization(
    name: Annotated[str, typer.Argument(callback=_demand_name)],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.", callback=_demand_currency)] = "USD",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Found an organization and print the key of its manager of operations, once."""
    from app.connections import opened
    from app.founding import create_organization as found_organization
    from app.installation import migrate_to_newest
    from app.people.organizations import Founded

    async def found(settings: Settings) -> Founded:
        await migrate_to_newest(settings)
        async with opened(settings) as database:
            return await found_organization(database, name, currency)

    founded = perform(found)
    facts = {"organization_id": str(founded.organization_id), "key": str(founded.key)}
    out.print(json.dumps(facts) if as_json else f"organization {facts['organization_id']}\nkey {facts['key']}")


@app.command()
def create_key(
    position: Annotated[Position, typer.Option(help="Acts as the first active user in this position.")],
    organization: Organization = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Print a new API key, once; a user is made when nobody holds the position."""
    from app.connections import opened
    from app.installation import choose
    from app.people.directory import key_for_position

    async def make(settings: Settings) -> str:
        chosen = await choose(settings, organization)
        async with opened(settings) as database:
            return str(await key_for_position(database, chosen, position))

    key = perform(make)
    out.print(json.dumps({"key": key, "position": position}) if as_json else key)


@app.command()
def prove() -> None:
    """Check that no transition lacks its event, no event its deliveries, and that all are in order."""
    from app.proving import prove_all

    if not perform(lambda settings: prove_all(settings, out)):
        err.print("The database is damaged: the table names what, and one example each.")
        raise typer.Exit(_DAMAGED)


@audit.command(name="verify")
def verify_audit_log(organization: Organization = None, expect: ExpectedHead = None) -> None:
    """Recompute the chain over the audit log, name what was tampered with, and print the heads to keep elsewhere."""
    from app.auditing import verify_all

    if expect is not None and organization is None:
        raise typer.BadParameter("--expect is about one organization: name it with --organization")
    if not perform(lambda settings: verify_all(settings, organization, expect, out)):
        err.print("The audit log is not as it was written.")
        raise typer.Exit(_DAMAGED)


@app.command()
def create_secret_key() -> None:
    """Print a new key for STAGELINE_SECRET_KEYS, which encrypts stored secrets."""
    out.print(new_key())


@app.command(name="reencrypt-secrets")
def reencrypt() -> None:
    """Encrypt stored secrets anew with the first of STAGELINE_SECRET_KEYS, so that the others can be retired."""
    from app.connections import opened_as_worker
    from app.webhooks.reencryption import Reencrypted, reencrypt_secrets

    async def run(settings: Settings) -> Reencrypted:
        box = settings.secret_box()
        async with opened_as_worker(settings) as database:
            return await reencrypt_secrets(database, box)

    done = perform(run)
    out.print(f"Re-encrypted the secrets of {done.changed} endpoints; {done.unchanged} had the first key already.")
    if done.unreadable:
        err.print(f"Of {len(done.unreadable)} the secret cannot be read; restore its key, or rotate the secret:")
        for endpoint_id in done.unreadable:
            err.print(str(endpoint_id))
        raise typer.Exit(1)


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the OpenAPI document."""
    from app.api_document import document_text
    from app.main import create_app

    with user_errors_told():
        text = document_text(create_app(read_settings()))
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")


@app.command(name="import")
def import_csv(
    folder: Folder,
    mapping: MappingFile,
    *,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
    report: ReportFile = None,
    organization: Organization = None,
) -> None:
    """Import CSV files as a mapping says; all or nothing unless bad rows are skipped."""
    from app.connections import opened
    from app.imports.command import ExitCode, ImportOptions, import_folder
    from app.installation import choose

    async def run(settings: Settings) -> ExitCode:
        chosen = await choose(settings, organization)
        async with opened(settings) as database:
            options = ImportOptions(folder, mapping, dry_run, skip_bad_rows, report)
            return await import_folder(database, chosen, options, err)

    raise typer.Exit(perform(run))


@app.command()
def demo(organization: Organization = None) -> None:
    """Fill an empty organization with a demonstration department, and print keys to act with."""
    from app.demonstration import demonstrate_in
    from app.installation import choose

    async def run(settings: Settings) -> None:
        chosen = await choose(settings, organization)
        await demonstrate_in(settings, chosen, out)

    perform(run)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)
