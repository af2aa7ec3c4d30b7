# The image holds one static program, CA certificates and an empty /tmp, nothing
# else: no shell, no package manager. `make image` compiles the program here and
# puts the three under dist/image/<architecture>, which becomes one layer.
FROM scratch
ARG TARGETARCH
COPY dist/image/${TARGETARCH}/ /
# Keeps /tmp writable under a read-only root file system.
VOLUME ["/tmp"]
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/pritunl-backup"]
