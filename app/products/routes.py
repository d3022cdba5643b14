"""Routes of the products."""

from app.core.routing import router

products = router("products")
