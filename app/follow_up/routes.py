"""Routes of the follow-up."""

from app.core.routing import router

follow_up = router("follow-up")
