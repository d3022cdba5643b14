"""Routes of the leads."""

from app.core.routing import router

leads = router("leads")
