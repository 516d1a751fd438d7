# The image of the server alone: no shell is needed to run it, the folder /data keeps everything.
#   docker build -t mailroost .
#   docker run -p 25:25 -p 8080:8080 -v mailroost:/data -e MAILROOST_DOMAIN=agents.example.com mailroost
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p server

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data mailroost \
    && install -d -o mailroost -g mailroost -m 0700 /data
COPY --from=build /source/target/release/mailroost /usr/bin/mailroost
USER mailroost
VOLUME /data
ENV MAILROOST_DATA=/data MAILROOST_HTTP=0.0.0.0:8080 MAILROOST_SMTP=0.0.0.0:25
EXPOSE 25 8080
HEALTHCHECK --interval=10s --timeout=5s CMD ["mailroost", "healthcheck"]
ENTRYPOINT ["mailroost"]
CMD ["serve"]
