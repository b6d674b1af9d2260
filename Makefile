# Two commands matter: `make run` shows the product, `make test` tests it.
GO ?= go
# What runs the tests; .ci/run puts one here that also writes down the results.
GOTEST ?= $(GO) test
TOOL = $(GO) tool -modfile=tools/go.mod

# Packages with a store: their tests run on PostgreSQL too.
STORES = ./internal/db/... ./internal/jobs ./internal/auth ./internal/audit ./tickets/... ./bridge/...

.PHONY: help run build test race lint tidy fuzz vulnerabilities postgres browser web bench ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: ## try everything with sample data and a simulated Intercom inbox
	$(GO) run ./cmd/deskbridge demo

build: ## bin/deskbridge
	$(GO) build -trimpath -o bin/deskbridge ./cmd/deskbridge

test: ## every test that needs nothing but Go, a C compiler and git
	$(GO) vet ./...
	$(GOTEST) ./...

race: ## the same tests under the race detector
	$(GOTEST) -race ./...

lint: ## .golangci.yml's rules, by the linter that tools/go.mod pins
	$(TOOL) golangci-lint run ./...

tidy: ## fails when go.mod or go.sum hold too much or too little
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff
	$(GO) mod verify

fuzz: ## every fuzz target for FUZZTIME
	.ci/fuzz

vulnerabilities: ## known ones in what we import; says so when its data cannot be reached
	.ci/vulnerabilities

postgres: ## the storage-bound tests on a PostgreSQL server that is installed and started for them
	.ci/postgres $(GOTEST) $(STORES)

browser: ## the front end's checks and tests, and the browser tests against a running demo, in Chromium
	.ci/browser

web: ## check, test and build the front end into web/dist
	cd web && npm ci && npm run check && npm run lint && npm test && npm run build

bench: ## Go benchmarks, and the load command against a server of its own
	$(GO) test -run='^$$' -bench=. -benchmem ./internal/db ./internal/jobs ./tickets ./bridge ./bridge/intercom
	.ci/load

ci: ## everything that a change must pass
	.ci/run
