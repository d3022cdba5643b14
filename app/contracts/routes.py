"""Routes of the contracts."""

from app.core.routing import router

contracts = router("contracts")
