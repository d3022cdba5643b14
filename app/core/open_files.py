"""How many connections the system lets this process have: each is an open file."""

import resource

_OTHERS = 200  # the pool's connections, the worker's, logs, libraries


def room_for(connections: int) -> int:
    """Raise the limit of open files as far as needed and allowed; gives how many connections there is room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHERS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(min(connections, allowed - _OTHERS), 1)
