# A static binary on nothing else. importer/daemon/service.md says how to run it.
FROM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# "--build-arg TAGS=single" leaves out what only many schools need.
ARG TAGS=
RUN CGO_ENABLED=0 go build -tags "$TAGS" -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /out/usr/local/bin/misimportd ./cmd/misimportd \
 && install -d -m 0700 -o 65532 -g 65532 /out/var/lib/misimportd \
 && install -d -m 1777 /out/tmp \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt

FROM scratch
COPY --from=build /out/ /
# Not root. What it keeps is in the volume, which belongs to this user.
USER 65532:65532
VOLUME /var/lib/misimportd
# The port is for those whom the container's network lets in.
ENV MISIMPORTD_LISTEN=:9190
EXPOSE 9190
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m --timeout=10s --start-period=30s CMD ["/usr/local/bin/misimportd", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/misimportd"]
CMD ["serve"]
