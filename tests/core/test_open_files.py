import resource
from collections.abc import Iterator

import pytest

from app.core.open_files import room_for


@pytest.fixture(autouse=True)
def _limit() -> Iterator[None]:
    """A low limit of open files, that the process may raise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_is_raised_for_the_connections_there_may_be() -> None:
    assert room_for(1_000) == 1_000
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1_200


def test_a_limit_that_is_high_enough_stays() -> None:
    assert room_for(10) == 10
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 512


def test_there_are_no_more_connections_than_the_system_allows() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system allows any number")

    assert room_for(hard) == hard - 200
