# make            build ./pfsd
# make run        serve a demo store, S3 and a mount, until Ctrl-C
# make test       everything that is checked, in less than 25 minutes on two cores
# make test-full  the same with the large runs
# make fuzz       each fuzz target for a minute (FUZZTIME=...)
# make bench      measure all beside what bounds it, and write integration/bench/RESULTS.md: half an hour on an idle machine
#                 (PFSD_BENCH=full with a million files, in an hour and 70 GB of disk; BENCH_ONLY=s3,mount for some sections,
#                 to the terminal)
# make microbench the benchmarks of the packages, for benchstat (COUNT=10)
# make install    put pfsd into $(PREFIX)/bin and, as root, the helper of mount(8) into $(SBINDIR)
# make clean      remove what was built

SHELL    := /bin/bash
GO       ?= go
PREFIX   ?= /usr/local
SBINDIR  ?= /sbin
FUZZTIME ?= 1m
COUNT    ?= 1

# The demo store of `make run` is kept from one run to the next.
DEMO_ADDR := 127.0.0.1:9000
DEMO_DATA := $(CURDIR)/bin/demo-data
DEMO_DIR  := $(CURDIR)/demo

# The packages that are tested in this process; integration/ runs the built program.
unit = $$($(GO) list ./... | grep -v /integration)

# Tests of pfs, s3 and fsys that take one thread through thousands of stores, count its steps or measure its memory, for which
# the race detector would take five minutes and find nothing.
plain = ^(TestPowerCut|TestFaults|TestGCFaults|TestFlips|TestFlipsUnclean|TestCostOf.*|TestMemory)$$

.PHONY: all build run test test-full unit race plain checks integration tools fuzz bench microbench install clean
.DELETE_ON_ERROR:

all: build

build:
	$(GO) build -o pfsd .

run: build
	@./.ci/demo ./pfsd "$(DEMO_DATA)" "$(DEMO_ADDR)" "$(DEMO_DIR)"

test: tools checks unit integration

test-full: export PFSD_FULL = 1
test-full: tools checks unit
	PFSD_BIN=$(CURDIR)/pfsd $(GO) test -count=1 -timeout=2h ./integration/...

# What the tests need besides Go: installed when missing, by root on a system with apt-get; otherwise this says what to do.
tools:
	@./.ci/tools

checks:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted by gofmt: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

unit:
	@$(MAKE) --no-print-directory -j2 race plain

# The arrows between packages are checked by the test in the root, which must not come from the cache. The checks have vetted the
# tests. Without atexit_sleep_ms each of the hundred processes that tests start would sleep for a second at its end.
race:
	$(GO) test -vet=off -count=1 .
	GORACE="atexit_sleep_ms=0 $$GORACE" $(GO) test -race -vet=off -timeout=25m -skip='$(plain)' $(unit)

plain:
	$(GO) test -p=1 -vet=off -timeout=25m -run='$(plain)' ./pfs ./s3 ./fsys

# The longest two first, which then do not run last and alone.
integration: build
	PFSD_BIN=$(CURDIR)/pfsd $(GO) test -vet=off -count=1 -timeout=25m ./integration ./integration/soak ./integration/...

fuzz:
	@set -e; for package in $(unit); do \
	    for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	        echo "$$package $$target"; \
	        $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	    done; \
	done

bench: export PFSD_BENCH ?= 1
bench: build
	PFSD_BIN=$(CURDIR)/pfsd PFSD_BENCH_ONLY=$(BENCH_ONLY) $(GO) test -count=1 -timeout=3h -v -run '^TestStandardSet$$' ./integration/bench

microbench:
	$(GO) test -run '^$$' -bench . -benchmem -count=$(COUNT) $(unit)

install: build
	install -D -m 0755 pfsd $(DESTDIR)$(PREFIX)/bin/pfsd
	@# mount(8) looks for the helper of "mount -t fuse.pfsd" nowhere else.
	@if [ -n "$(DESTDIR)" ] || [ -w "$(SBINDIR)" ]; then \
	    mkdir -p "$(DESTDIR)$(SBINDIR)" && ln -sfn "$(PREFIX)/bin/pfsd" "$(DESTDIR)$(SBINDIR)/mount.fuse.pfsd"; \
	else \
	    echo "not installed, for want of rights: $(SBINDIR)/mount.fuse.pfsd, for mount(8) and /etc/fstab"; \
	fi

clean:
	rm -rf pfsd bin
	rmdir demo 2>/dev/null || true
