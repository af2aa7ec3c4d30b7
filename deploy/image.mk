# The container image. Included by the Makefile; works alone as well:
# make -f deploy/image.mk image

IMAGE ?= pritunl-backup
ARCH ?= $(shell go env GOARCH)
PLATFORMS ?= amd64 arm64
OUT ?= dist/image
CA_BUNDLE ?= $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))

.PHONY: image image-files image-multi

image: ## build the container image for this machine's architecture; needs Docker
	$(MAKE) -f deploy/image.mk image-files ARCH=$(ARCH)
	docker build --build-arg TARGETARCH=$(ARCH) -t $(IMAGE) .

image-multi: ## build the image for every architecture in PLATFORMS; needs Docker with buildx
	for arch in $(PLATFORMS); do $(MAKE) -f deploy/image.mk image-files ARCH=$$arch || exit 1; done
	docker buildx build $(foreach p,$(PLATFORMS),--platform linux/$(p)) -t $(IMAGE) $(BUILDX_FLAGS) .

image-files: ## put the image's files under $(OUT)
	test -s "$(CA_BUNDLE)"
	rm -rf $(OUT)/$(ARCH)
	mkdir -p $(OUT)/$(ARCH)/etc/ssl/certs $(OUT)/$(ARCH)/tmp
	chmod 1777 $(OUT)/$(ARCH)/tmp
	CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build -trimpath -ldflags '-s -w' -o $(OUT)/$(ARCH)/pritunl-backup .
	cp -L "$(CA_BUNDLE)" $(OUT)/$(ARCH)/etc/ssl/certs/ca-certificates.crt
	chmod 644 $(OUT)/$(ARCH)/etc/ssl/certs/ca-certificates.crt
