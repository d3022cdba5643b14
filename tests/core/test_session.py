import pytest
from pydantic import ValidationError

from app.core.session import Session
from app.core.settings import Settings


def test_a_direct_url_says_that_there_is_a_pooler_which_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(ValidationError, match="STAGELINE_DIRECT_DATABASE_URL needs DATABASE_URL"):
        Settings(direct_database_url="postgresql://service@127.0.0.1/stageline")


def test_a_connection_of_its_own_has_its_role_from_the_start_and_begins_as_ever() -> None:
    session = Session("stageline_app", {"lock_timeout": "5000"})

    assert session.beginning == "BEGIN"
    assert session.connecting()["server_settings"] == {
        "role": "stageline_app",
        "application_name": "stageline:stageline_app",
        "timezone": "UTC",
        "lock_timeout": "5000",
    }


def test_a_lent_connection_is_told_nothing_that_would_be_left_to_others() -> None:
    session = Session("stageline_app", {"lock_timeout": "5000"}, is_lent=True)

    assert session.beginning == "BEGIN; SET LOCAL ROLE stageline_app; SET LOCAL lock_timeout = 5000"
    assert session.connecting() == {
        "server_settings": {"application_name": "stageline:stageline_app", "timezone": "UTC"},
        "statement_cache_size": 0,
    }
