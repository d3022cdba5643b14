from dataclasses import replace
from ipaddress import ip_address

import pytest

from app.core.caller import Caller
from app.core.database import new_id
from app.core.origin import Origin, address_of, current_origin, originating, settings_sql


def test_what_cannot_be_written_into_a_statement_is_refused() -> None:
    with originating(Origin("request", "'; DROP TABLE accounts; --")), pytest.raises(ValueError, match="request_id"):
        settings_sql(Caller.system(new_id()))


def test_what_names_a_credential_can_be_written_into_a_statement() -> None:
    caller = replace(Caller.system(new_id()), credential_id=f"tokens of {new_id()}")

    assert caller.credential_id in settings_sql(caller)


def test_an_origin_lasts_as_long_as_its_block() -> None:
    with originating(Origin("command", "one")):
        inside = current_origin().request_id

    assert (inside, current_origin().source) == ("one", "service")


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("fe80::1%eth0", 1), "fe80::1"),
        (("/run/socket", 0), ""),
        (("", 0), ""),
        (None, ""),
    ],
)
def test_a_clients_address_is_one_or_nothing(client: tuple[str, int] | None, address: str) -> None:
    assert address_of(client) == address
    assert not address or ip_address(address)
