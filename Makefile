# Everything that is done with this repository. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
BUF := ../.venv/bin/buf
SWIFT_SOURCES := Package.swift Sources Tests benchmarks/swift examples

# The test suites under pytest. A folder that is listed and missing is an error.
PYTHON_SUITES := Tests/Generator clients/python/tests Tests/Conformance Tests/EndToEnd Tests/Benchmarks Tests/Demo

.PHONY: help setup build demo test test-swift test-python format lint generate snippets accept-contract bench bench-growth bench-peers

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what a Debian 12 machine with the Swift toolchain lacks (asks for sudo when it must)
	@.ci/setup

build: setup ## Build the coordinator and its command line in release: .build/release/kagzi
	swift build -c release --product kagzi

demo: setup ## Run workflows across Python and Swift workers on a coordinator of their own, and kill one
	@examples/demo/run

test: setup test-swift test-python ## Install, build and run every test

test-swift: setup ## Run the Swift tests
	swift build --build-tests
	swift test --no-parallel

test-python: setup ## Run the test suites under pytest
	@.ci/pytest-suites $(PYTHON_SUITES)

format: setup ## Format the Swift sources and the contract
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)
	cd Protos && $(BUF) format --write

lint: setup ## Check the style of the Swift sources, the contract and its generator
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	cd Protos && $(BUF) format --diff --exit-code && $(BUF) lint
	$(PYTHON) -m mypy --strict Protos/generate
	cd clients/python && ../../$(PYTHON) -m mypy

generate: setup ## Write the code that is made from Protos/ and Migrations/
	$(PYTHON) Protos/generate
	sh Migrations/embed.sh

snippets: ## Write the code of docs/ from the examples it is taken from
	docs/insert_snippets.py

accept-contract: setup ## Make the contract as it is now the one that later changes must be compatible with
	cd Protos && $(BUF) build --exclude-source-info --output baseline.binpb

bench: setup ## Measure speed on a release build, as a table
	@benchmarks/run

bench-growth: setup ## Measure how speed changes with workers, stored runs, coordinators and payloads, with plots
	@benchmarks/run --growth

bench-peers: setup ## Run the same workloads on Kagzi and on its peers, as a table with plots
	@$(PYTHON) benchmarks/run-peers
