"""Routes of the opportunities."""

from app.core.routing import router

opportunities = router("opportunities")
