"""Routes of the transitions."""

from app.core.routing import router

transitions = router("transitions")
