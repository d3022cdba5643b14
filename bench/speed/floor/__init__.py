"""The floor: a bare ASGI application on asyncpg that keeps what the service keeps, in fewer round trips.

It authenticates with the service's own cached look-up, sets the organization for row-level security, takes the
subject's lock before it reads, decides with the service's pure rules, and writes record, ledger, counter and event in
one statement. The database's triggers and policies hold for it as they do for the service. It knows only the requests
of this bench: what they may not send is not checked, and nothing is documented, counted or logged.
"""
