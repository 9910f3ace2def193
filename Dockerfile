# The server alone; its database is SQLite in /data, or PostgreSQL by DUALREPORT_DATABASE_URL (see compose.yaml).
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt .
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && useradd --system --uid 10001 --home-dir /data dualreport \
    && install -d -o dualreport -g dualreport -m 0700 /data
USER dualreport
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DUALREPORT_PRODUCTION=true \
    DUALREPORT_HOST=0.0.0.0 \
    DUALREPORT_VAR_DIR=/data \
    DUALREPORT_DATABASE_URL=sqlite:////data/dualreport.db \
    PORT=8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=2)"]
CMD ["sh", "-c", "dualreport migrate && exec dualreport serve"]
