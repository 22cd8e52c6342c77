# Everything that is done with this project. `make help` lists it; CONTRIBUTING.md says more.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run build assets test lint features bench bench-peers bench-all soak screenshots lighthouse clean need-go need-npm

GO := go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TAGS := testclock,soak
VENDOR := internal/portal/assets/vendor
WORLD := .run
ADDRESS := http://localhost:8080

help: ## Show this list
	@echo "Countersign. What make can do:"
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: build $(WORLD)/demo.txt ## Start Countersign on a believable platform, at http://localhost:8080
	@echo
	@cat $(WORLD)/demo.txt
	@echo
	@echo "Countersign is at $(ADDRESS) (stop it with Ctrl-C)."
	@echo "Mails are written to $(CURDIR)/$(WORLD)/mail, one file each; nothing is sent."
	@echo "The world is kept in $(WORLD)/; remove that folder to begin again."
	@echo
	@exec bin/countersign serve --database $(WORLD)/countersign.db --key-file $(WORLD)/key --mail-dir $(WORLD)/mail \
		--listen localhost:8080 --internal-listen localhost:8081 --public-url $(ADDRESS)

# The world is made aside and moved into place whole; a rebuilt binary keeps the one that is there.
$(WORLD)/demo.txt: | build
	@rm -rf $(WORLD).part && mkdir -m 700 $(WORLD).part && mkdir $(WORLD).part/mail
	@echo "Filling the demo world ..."
	@bin/countersign demo --database $(WORLD).part/countersign.db --key-file $(WORLD).part/key --mail-dir $(WORLD).part/mail \
		--public-url $(ADDRESS) >$(WORLD).part/demo.txt || { cat $(WORLD).part/demo.txt; rm -rf $(WORLD).part; exit 1; }
	@rm -rf $(WORLD) && mv $(WORLD).part $(WORLD)

build: need-go assets ## Build bin/countersign
	@CGO_ENABLED=0 $(GO) build -trimpath -o bin/countersign ./cmd/countersign

assets: $(VENDOR)/tabler.min.css ## Fetch the browser assets with npm and put them where the binary embeds them

# Only when the lock has changed: npm writes the file below, at the end of its work.
node_modules/.package-lock.json: package.json package-lock.json .npmrc | need-npm
	@echo "Fetching the browser assets ..."
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(VENDOR)/tabler.min.css: node_modules/.package-lock.json tools/assets/main.go tools/assets/tabler.LICENSE.txt | need-go
	@$(GO) run ./tools/assets -from node_modules -to $(VENDOR)
	@touch $@

test: need-go ## Run every check and test, on SQLite, on PostgreSQL and in a browser; the last line is the result
	@tools/prepare
	@$(MAKE) assets
	@if $(MAKE) lint; then $(GO) run ./tools/testrun; else $(GO) run ./tools/testrun -broken lint; fi

lint: need-go ## Check the source: gofmt, go vet, staticcheck
	@status=0; \
		unformatted=$$(gofmt -l $(wildcard cmd internal client tools bench)); \
		if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; status=1; fi; \
		$(GO) vet ./... || status=1; \
		$(GO) vet -tags $(TAGS) ./... || status=1; \
		$(GO) run $(STATICCHECK) -tags $(TAGS) ./... || status=1; \
		exit $$status

features: need-go ## List the behaviours of docs/features.txt with the tests that show them, from the last make test
	@$(GO) run ./tools/features

bench: need-go assets ## Measure: every benchmark, into build/bench.txt, then bench-peers
	@mkdir -p build
	@packages=$$(grep -rl --include='*_test.go' '^func Benchmark' $(wildcard cmd internal client) | xargs -r -n1 dirname | sort -u | sed 's|^|./|'); \
		$(GO) test -run '^$$' -bench . -benchmem -p 1 -timeout 30m $$packages >build/bench.txt 2>&1; status=$$?; \
		cat build/bench.txt; $(MAKE) bench-peers || status=1; exit $$status

# A module of its own: what it fetches never comes into the product, and make test does without.
bench-peers: need-go ## Measure decisions beside casbin, cedar-go and OPA, answers checked equal, into build/peers.md
	@mkdir -p build
	@cd bench && $(GO) run . >../build/peers.md; status=$$?; cat ../build/peers.md; exit $$status

# Once more a module of its own: it fetches and compiles some hundreds of modules, bench-peers a few.
bench-all: need-go ## Measure the same beside OpenFGA and SpiceDB too, up to 100,000 users, into build/services.md
	@mkdir -p build
	@cd bench/services && $(GO) run . >../../build/services.md; status=$$?; cat ../../build/services.md; exit $$status

soak: need-go assets ## Run the tests that take hours
	@$(GO) test -tags soak -run Soak -count=1 -timeout 4h ./...

screenshots: need-go ## Picture every page and state, at two widths, light and dark, into build/screenshots
	@tools/prepare
	@$(MAKE) assets
	@$(GO) run ./tools/screenshots -out build/screenshots

lighthouse: need-go need-npm ## Have Lighthouse look at the portal, on phone and desktop, into build/lighthouse.txt
	@tools/prepare
	@$(MAKE) assets
	@cd tools/lighthouse && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@$(GO) run ./tools/lighthouse -out build/lighthouse.txt

clean: ## Remove what was built, fetched and the world of make run
	@rm -rf bin build node_modules tools/lighthouse/node_modules $(WORLD) $(WORLD).part
	@find $(VENDOR) -type f ! -name README.txt -delete

need-go:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or newer (https://go.dev/dl/)." >&2; exit 1; }

need-npm:
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer, which brings it (https://nodejs.org/)." >&2; exit 1; }
