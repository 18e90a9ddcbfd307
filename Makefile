# xtblish: `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One configuration for programs and tests, so that both share one build.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
PRODUCTS := .build/release
ENGINE := .engine/libwasmtime.so
PYTHON := .build-python/bin/python
# The module that FILTER begins with, whose tests alone are built then; empty: all are.
TESTED := $(if $(FILTER),$(if $(findstring |,$(FILTER)),,$(patsubst Tests/%/,%,$(wildcard \
  Tests/$(firstword $(subst Tests, ,$(patsubst ^%,%,$(FILTER))))/))))

# Not empty if that module's tests run no program of ours, so that none has to be built for them.
TESTED_ALONE = $(if $(TESTED),$(shell grep -rqE --include='*.swift' '\<product."' Tests/$(TESTED) || echo yes))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what Debian has of the things this needs (apt-get; asks sudo if you are not root)
	@deploy/setup build run

.PHONY: engine
engine: $(ENGINE) ## Fetch the pinned WebAssembly engine from PyPI

$(ENGINE): deploy/engine/requirements.txt deploy/engine/install
	@deploy/engine/install .engine
	@touch $@

.PHONY: build
build: setup engine ## Build the programs into .build/release
	XTBLISH_TESTS=none swift build $(SWIFT_FLAGS)
	@ln -sf ../../../$(ENGINE) $(PRODUCTS)/libwasmtime.so

.PHONY: examples
examples: ## Build the example apps into .build-examples
	@deploy/setup examples
	@Examples/build
	@Examples/build --version 1.0 sensor-c
	@Examples/build --version 2.0 sensor-swift

.PHONY: demo
demo: build examples ## Deploy an app to a device and watch it switch; ONCE=1 ends by itself
	@deploy/demo $(if $(ONCE),--once)

# RELEASE_BINARIES names the folder of the last release's programs, if they are there; otherwise they are built.
.PHONY: upgrade-check
upgrade-check: build ## Exchange the last release's programs for today's and back, under load, replica by replica
	@deploy/setup upgrades
	@Tests/Compatibility/upgrade $(if $(RELEASE_BINARIES),--release-binaries "$(RELEASE_BINARIES)")

.PHONY: test
test: setup engine examples python ## Run all tests
	@deploy/setup test
	$(if $(TESTED),XTBLISH_TESTS=$(TESTED) )swift build $(SWIFT_FLAGS) $(if $(TESTED_ALONE),--product xtblishPackageTests,--build-tests)
	@ln -sf ../../../$(ENGINE) $(PRODUCTS)/libwasmtime.so
	@FILTER="$(FILTER)" Tests/run

.PHONY: package
package: build ## Make the Debian package of the device's agent, in .build/package
	@deploy/setup package
	@deploy/device/build-package

.PHONY: package-check
package-check: package examples ## Install that package in a clean Debian with systemd, use it, and remove it (root)
	@deploy/setup containers
	@Tests/Containers/package-check

.PHONY: containers
containers: build examples ## Start the Compose file and the Kubernetes overlays, and deploy to a device in each (root)
	@Tests/Containers/check

.PHONY: alerts
alerts: build examples ## Make every alert fire by a real fault, and see it go back (root; half an hour); ONLY=… for some
	@deploy/setup test alerts
	@Tests/Alerts/check $(ONLY)

.PHONY: disaster
disaster: build examples ## Lose machines, keys, disks and the right time, and come back (root; some minutes)
	@deploy/setup disaster
	@Tests/Deployment/disaster

.PHONY: python
python: $(PYTHON)

# The Python programs that the tests run as foreign peers, and the schema validators.
$(PYTHON): Tests/requirements.txt Tests/TraceExport/requirements.txt
	@deploy/setup test
	@echo "installing the tests' Python packages into .build-python"
	@python3 -m venv .build-python
	@.build-python/bin/pip --quiet --disable-pip-version-check install --requirement Tests/requirements.txt
	@.build-python/bin/pip --quiet --disable-pip-version-check install --no-deps docker-compose==1.29.2
	@rm -rf .build-python/oteltap
	@.build-python/bin/pip --quiet --disable-pip-version-check install --target .build-python/oteltap --requirement \
	  Tests/TraceExport/requirements.txt
	@touch $@

.PHONY: bench
bench: build examples ## Run the benchmarks and write Benchmarks/RESULTS.md
	swift build $(SWIFT_FLAGS)
	@Benchmarks/run

.PHONY: format
format: ## Lay out the Swift code
	@git ls-files -z '*.swift' ':!:*.pb.swift' | xargs -0 swift format format --in-place --parallel

.PHONY: embedded
embedded: ## Compile the device's update machine as Embedded Swift for a microcontroller
	@deploy/embedded-check

.PHONY: lint
lint: ## Check layout, scripts and what must not be committed
	@deploy/lint

.PHONY: protocols
protocols: python ## Generate the Swift of the bus's .proto files
	@Sources/Shared/Wire/Protocols/generate

.PHONY: host-api
host-api: build ## Write docs/host-api.md from the table of the host API
	@$(PRODUCTS)/xtblish-app-host host-api >docs/host-api.md

.PHONY: clean
clean: ## Remove what was built (not the stack's data)
	rm -rf .build .build-examples .build-python .engine
