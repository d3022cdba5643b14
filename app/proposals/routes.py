"""Routes of the proposals."""

from app.core.routing import router

proposals = router("proposals")
