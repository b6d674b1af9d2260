# Two commands matter: `make run` shows the product, `make test` tests it.
GO ?= go

.PHONY: run build test race lint bench postgres browser web

run: ## try everything with sample data and a simulated Intercom inbox
	$(GO) run ./cmd/deskbridge demo

build: ## bin/deskbridge
	$(GO) build -trimpath -o bin/deskbridge ./cmd/deskbridge

test: ## every test that needs nothing but Go, a C compiler and git
	$(GO) vet ./...
	$(GO) test ./...

race: ## the same tests under the race detector
	$(GO) test -race ./...

lint: ## pinned as a tool in tools/go.mod
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

postgres: ## the storage-bound tests on a PostgreSQL server that is installed and started for them
	.ci/postgres $(GO) test ./internal/db/... ./internal/jobs ./internal/auth ./internal/audit ./tickets/... ./bridge/...

browser: ## the browser tests against a running demo, in Chromium
	.ci/browser

web: ## build the front end into web/dist
	cd web && npm ci && npm run check && npm run lint && npm test && npm run build

bench: ## Go benchmarks, and the load command against a server of its own
	$(GO) test -run='^$$' -bench=. -benchmem ./internal/db ./internal/jobs ./tickets ./bridge ./bridge/intercom
	.ci/load
