"""Routes of the activities."""

from app.core.routing import router

activities = router("activities")
