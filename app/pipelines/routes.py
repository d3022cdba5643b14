"""Routes of the pipelines."""

from app.core.routing import router

pipelines = router("pipelines")
