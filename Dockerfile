# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# The .deb in an image of Debian 12, without the Swift toolchain:
#
#   docker build --tag gohub --build-arg REVISION="$(git rev-parse --short=12 HEAD)" \
#       --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" .
#   docker run --rm --publish 8080:8080 gohub

ARG SWIFT_VERSION=6.3

FROM swift:${SWIFT_VERSION}-bookworm AS build
WORKDIR /source
COPY scripts/bootstrap scripts/
RUN scripts/bootstrap --dist
COPY . .
# What /version and gohub_build_info tell, and the time of all files.
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH
RUN GOHUB_REVISION="$REVISION" scripts/dist

FROM debian:12-slim
COPY --from=build /source/.build/dist/*.deb /packages/
# A number that other machines can know, for files that are mounted. curl asks for the health; ca-certificates are whom TLS to
# Redis trusts by default.
RUN useradd --system --uid 10001 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin gohub \
    && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        /packages/*.deb ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
USER gohub
# Clients connect to 8080; metrics and health are apart from them, at 9090.
ENV GOHUB_SERVER_ADMIN_ADDR=":9090"
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["gohub"]
CMD ["serve", "/etc/gohub/config.yaml"]
