"""`/docs` without a CDN: Swagger UI from the assets in the `fastapi-offline` wheel."""

from importlib.resources import files

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles


def install(app: FastAPI) -> None:
    """Serve the page and its assets; neither is part of the API's document."""
    assets = str(files("fastapi_offline").joinpath("static"))
    app.mount("/docs/assets", StaticFiles(directory=assets), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def read_docs() -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Stageline API",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon.png",
        )
