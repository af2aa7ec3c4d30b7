# Everything here works with nothing but Go. Targets that need more say so.

SHELL := /bin/sh
LINT_VERSION := v2.15.0
LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

.PHONY: help build test demo lint bench race fuzz integration clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

build: ## build bin/pritunl-backup, static
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/pritunl-backup .

test: ## run the tests; needs only Go
	go test ./...
	cd integration && go test -timeout 30m ./...

demo: ## take, verify and restore snapshots of simulated instances
	go run . demo

lint: ## vet and golangci-lint at its pinned version
	go vet ./...
	cd integration && go vet ./...
	$(LINT) run ./...

race: ## run the shorter tests with the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -short -timeout 30m ./...

fuzz: ## run every fuzz target for a short while
	./.ci/fuzz 10s

bench: ## measure an export of 100 organizations, 10,000 users and 50 servers
	go test ./export -run '^$$' -bench . -benchtime 3x

integration: ## only the tests against real MongoDB and S3 servers, and containers where Docker answers
	cd integration && go test -count=1 -timeout 30m -v ./...

clean: ## remove what was built
	rm -rf bin dist cover.out

include deploy/image.mk
