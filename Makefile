# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# Each target is one script of scripts/, which says more about itself in its first lines.

.DEFAULT_GOAL := help
.PHONY: run demo dist test unit blackbox tools lint docs coverage attack browsers bench bench-bus bench-registry stress fuzz threads clean help

# Options for the hub: make run ARGS="--config configs/config.yaml"
ARGS ?=
# One test or some: make unit ONLY=WebSocket, make blackbox ONLY=drain
ONLY ?=

run: ## Build for production and run the hub (ARGS="…" for its options; Ctrl-C drains, twice stops at once)
	@scripts/run $(ARGS)

demo: ## Run two hubs with Redis, Prometheus, Alertmanager, a load and a fault now and then (Ctrl-C ends all)
	@scripts/demo $(ARGS)

dist: ## Build a .deb and a tarball in .build/dist
	@scripts/dist

test: ## Run all tests: Swift, black-box, and those of the tools
	@scripts/test

unit: ## Run the Swift tests (ONLY=name for some of them)
	@scripts/test unit "$(ONLY)"

blackbox: ## Run the tests of the program from outside (ONLY=name for some of them)
	@scripts/test blackbox "$(ONLY)"

tools: ## Run the tests of what makes and judges dashboards, alerts and packages (ONLY=name for some of them)
	@scripts/test tools "$(ONLY)"

lint: ## Check format, licence lines, imports and wording
	@scripts/lint

docs: ## Write the generated documents anew
	@scripts/docs

coverage: ## Say which lines the last `make test` ran
	@scripts/gates/coverage

threads: ## Run the concurrent suites under the thread sanitizer
	@scripts/gates/threads

attack: ## Attack the hub and judge its memory and what honest clients see (ARGS='--only inbox' for some attacks)
	@scripts/attack $(ARGS)

browsers: ## Let a browser behind nginx try the hub
	@scripts/browsers $(ARGS)

bench: ## Measure the hub on this machine
	@scripts/bench $(ARGS)

bench-bus: ## Measure messages between nodes, over Redis and NATS
	@scripts/bench-bus $(ARGS)

bench-registry: ## Measure the metrics registry beside its peers
	@scripts/bench-registry $(ARGS)

stress: ## Do faults to the bus under load, then repeat the concurrent and the black-box tests until one fails (BUS_ROUNDS=50 ROUNDS=10)
	@scripts/stress

fuzz: ## Feed the parsers with random bytes
	@scripts/fuzz $(ARGS)

clean: ## Remove all that was built
	@rm -rf .build .venv

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-15s %s\n", $$1, $$2 }'
