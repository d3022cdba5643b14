# One image, two commands: `serve` (the default) and `worker`. DATABASE_URL names the Postgres to use, STAGELINE_SECRET_KEYS
# the keys that webhook secrets are encrypted with (`create-secret-key` prints one).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app

RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY app ./app
COPY migrations ./migrations
RUN uv sync --locked --no-dev --no-editable

RUN useradd --create-home stageline
USER stageline
EXPOSE 8000
ENTRYPOINT ["stageline"]
CMD ["serve", "--host", "0.0.0.0"]
