"""The roles of the database: the owner migrates; the service acts as roles that own nothing.

`stageline_app` sees one organization at a time; `stageline_worker` sees the events and webhooks of all. Neither may log
in, is a superuser, or bypasses row-level security: the connecting user takes them with `SET ROLE`.
"""

from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, text

APP_ROLE = "stageline_app"
WORKER_ROLE = "stageline_worker"

_CREATE = """
DO $$ BEGIN
    CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def ensure_roles(connection: Connection, service_url: str) -> None:
    """Create the roles where they are missing, and let the user of the service's URL take them."""
    user = unquote(urlsplit(service_url).username or "")
    for role in (APP_ROLE, WORKER_ROLE):
        connection.execute(text(_CREATE.format(role=role)))
        connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
        if user:
            connection.execute(text("SELECT set_config('stageline.service_user', :user, true)"), {"user": user})
            connection.execute(text(_GRANT.format(role=role)))
    connection.commit()


_GRANT = """
DO $$ BEGIN
    IF current_setting('stageline.service_user') <> current_user THEN
        EXECUTE format('GRANT {role} TO %I', current_setting('stageline.service_user'));
    END IF;
END $$
"""
