"""Routes of the webhooks."""

from app.core.routing import router

webhooks = router("webhooks")
