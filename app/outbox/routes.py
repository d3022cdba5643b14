"""Routes of the events."""

from app.core.routing import router

outbox = router("events")
