# Durian as an image: every command, run as a user without rights.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/durian
# The dependencies first: they change less often than the sources, and are a layer of their own.
COPY requirements.lock ./
RUN /opt/durian/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /opt/durian/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/durian --create-home durian
COPY --from=build /opt/durian /opt/durian
ENV PATH=/opt/durian/bin:$PATH PYTHONUNBUFFERED=1
USER durian
# A volume mounted here belongs to the user: the registry's SQLite file or key file may lie in it.
WORKDIR /var/lib/durian
ENTRYPOINT ["durian"]
CMD ["--help"]
