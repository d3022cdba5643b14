"""Routes of the people."""

from app.core.routing import router

people = router("people")
