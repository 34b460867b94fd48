# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# The hub in an image of Debian 12, without the Swift toolchain:
#
#   docker build --tag gohub --build-arg REVISION="$(git rev-parse --short=12 HEAD)" .
#   docker run --rm --publish 8080:8080 gohub

ARG SWIFT_VERSION=6.3

FROM swift:${SWIFT_VERSION}-bookworm AS build
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        pkg-config libuv1-dev libssl-dev zlib1g-dev libyaml-dev libhiredis-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# What /version and gohub_build_info tell.
ARG REVISION=unknown
RUN GOHUB_REVISION="$REVISION" swift build --configuration release --product gohub --static-swift-stdlib \
        --explicit-target-dependency-import-check error \
    && install -D .build/release/gohub /image/usr/local/bin/gohub \
    && install -D -m 644 configs/config.yaml /image/etc/gohub/config.yaml

FROM debian:12-slim
# curl asks for the health; ca-certificates are whom TLS to Redis trusts by default.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        libuv1 libssl3 zlib1g libyaml-0-2 libhiredis0.14 libstdc++6 ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gohub
COPY --from=build /image/ /
USER gohub
# Clients connect to 8080; metrics and health are apart from them, at 9090.
ENV GOHUB_SERVER_ADMIN_ADDR=":9090"
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["gohub"]
CMD ["serve", "/etc/gohub/config.yaml"]
