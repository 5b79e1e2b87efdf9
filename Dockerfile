FROM python:3.11-slim-bookworm

RUN useradd --system --create-home backoffice
WORKDIR /app
COPY . .
RUN PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 .ci/setup --no-dev \
    && install -d -o backoffice var

# The code is root's and the process is not: it can write to var/ only.
USER backoffice
ENTRYPOINT ["/app/.venv/bin/backoffice"]
CMD ["--help"]
