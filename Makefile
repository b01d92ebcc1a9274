# The targets for people and CI. Each target first installs the packages that it needs.
#
#   make            build ./mcast-peer
#   make demo       three peers over loopback for ten seconds, and a verdict
#   make test       everything that CI runs: lint, demo, tests, documentation, the Debian package in a clean root
#   make run-node0  run member 0 in this terminal; likewise 1 and 2
#   make docs       the documentation of the library, in .build/docs; fails on any warning
#   make measure    start-up time, idle CPU and memory, against their limits
#   make bench      compare the library with plain UDP and wolfSSL's own calls: rates, CPU, latency, verdicts
#   make bench-check  the part with verdicts; fails if the library misses one
#   make soak       ten minutes at 80 % of the top rate: no loss, constant memory, no allocation
#   make fuzz       fuzz the receive side for FUZZ_SECONDS (60)
#   make asan       the tests with AddressSanitizer and LeakSanitizer
#   make tsan       the tests with ThreadSanitizer
#   make install    install mcast-peer into $(PREFIX)/bin, with manual page, completions and systemd unit
#   make uninstall  remove the installed files
#   make deb        a Debian package, in .build/deb
#   make deb-test   make deb; then install, run and remove the package in a clean root, and boot systemd with it there

PREFIX ?= /usr/local
SWIFT ?= swift

# The release has the Swift runtime linked in, so it runs without an installed Swift.
RELEASE = --configuration release --product mcast-peer --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -s
BENCH_BUILD = $(subst --product mcast-peer,--product mcast-bench,$(RELEASE))

ALONE = FullRate|AMillion
# Limits the parallel tests. Otherwise hundreds of tests start their processes at once, and take four times as long.
WIDTH = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=24
TEST = $(WIDTH) MCAST_PEER="$(CURDIR)/mcast-peer" WARNINGS_AS_ERRORS=1 $(SWIFT) test --skip-build --disable-xctest

# Optimized, with the checks of a release and of AddressSanitizer.
FUZZ_SECONDS ?= 60
FUZZ_BUILD = FUZZ=1 $(SWIFT) build --scratch-path .build-fuzz --configuration release --sanitize address \
  -Xswiftc -enable-testing -Xswiftc -use-ld=lld --product fuzz
FUZZER = SWIFT_BACKTRACE=enable=no LSAN_OPTIONS=suppressions=scripts/lsan.supp:print_suppressions=0 \
  .build-fuzz/release/fuzz -artifact_prefix=.build-fuzz/

.PHONY: all demo test unit docs lint measure bench bench-check soak asan tsan fuzz fuzz-build fuzz-keep run-node0 run-node1 run-node2 generated install uninstall deb deb-test clean setup
.NOTPARALLEL:

all: setup
	$(SWIFT) build $(RELEASE)
	cp -f "$$($(SWIFT) build $(RELEASE) --show-bin-path)/mcast-peer" mcast-peer

demo: all
	scripts/demo ./mcast-peer

test: lint demo unit docs deb-test

unit: all
	scripts/setup test
	WARNINGS_AS_ERRORS=1 $(SWIFT) build --build-tests
	scripts/generate "$$($(SWIFT) build --show-bin-path)/generator" $(GENERATED) $(PREFIX)/bin
# All tests share one thread per processor: run the tests that compute first, then those that watch processes.
	$(TEST) --filter '^(MulticastDTLS|McastBench)Tests\.' --skip '$(ALONE)'
	$(TEST) --filter '^McastPeerTests\.' --skip '$(ALONE)'
# Tests that need the whole machine run alone, one after the other.
	$(TEST) --no-parallel --filter '$(ALONE)'

lint: setup
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Benchmarks Examples Sources Tests

# Uses the build options of the tests, so that a run after them compiles nothing again.
docs:
	scripts/setup docs
	SWIFT="$(SWIFT)" WARNINGS_AS_ERRORS=1 scripts/docs

measure: all
	scripts/measure ./mcast-peer

bench bench-check soak: setup
	$(SWIFT) build $(BENCH_BUILD)
	"$$($(SWIFT) build $(BENCH_BUILD) --show-bin-path)/mcast-bench" $(BENCH_ARGUMENTS)

bench: BENCH_ARGUMENTS = run --json .build/bench.json --svg .build/bench.svg
bench-check: BENCH_ARGUMENTS = run --check --rounds 15
soak: BENCH_ARGUMENTS = soak --minutes 10

asan tsan: setup
	scripts/setup test
	SWIFT="$(SWIFT)" scripts/sanitize $@

# The fuzzer keeps new inputs in .build-fuzz/corpus, and writes a failing input to .build-fuzz/crash-*.
fuzz: fuzz-build
	mkdir -p .build-fuzz/corpus
	$(FUZZER) -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 .build-fuzz/corpus Tests/Fuzz/Corpus

# Adds to the corpus of the tests each new input that covers code which no input there covers.
fuzz-keep: fuzz-build
	$(FUZZER) -merge=1 -use_counters=0 Tests/Fuzz/Corpus .build-fuzz/corpus

fuzz-build: setup
	$(FUZZ_BUILD)

run-node0 run-node1 run-node2: run-node%: all
	./mcast-peer $*

# The manual page, completions and unit. A generator derives them from the options, so they cannot differ.
GENERATED = .build/generated
generated: all
	$(SWIFT) build --product generator
	scripts/generate "$$($(SWIFT) build --show-bin-path)/generator" $(GENERATED) $(PREFIX)/bin

SHARE = $(DESTDIR)$(PREFIX)/share
INSTALLED = $(DESTDIR)$(PREFIX)/bin/mcast-peer $(SHARE)/man/man1/mcast-peer.1 \
  $(SHARE)/bash-completion/completions/mcast-peer $(SHARE)/$(ZSH_DIR)/_mcast-peer \
  $(SHARE)/fish/vendor_completions.d/mcast-peer.fish $(DESTDIR)$(UNIT_DIR)/mcast-peer@.service \
  $(DESTDIR)$(PREFIX)/lib/sysusers.d/mcast-peer.conf $(addprefix $(DOCUMENTS)/,README.md $(PAGES))
DOCUMENTS = $(SHARE)/doc/mcast-peer
PAGES = $(wildcard docs/*)
ZSH_DIR ?= zsh/site-functions
UNIT_DIR ?= $(PREFIX)/lib/systemd/system

install: generated
	install -D -m 755 mcast-peer "$(DESTDIR)$(PREFIX)/bin/mcast-peer"
	install -D -m 644 $(GENERATED)/mcast-peer.1 "$(SHARE)/man/man1/mcast-peer.1"
	install -D -m 644 $(GENERATED)/mcast-peer.bash "$(SHARE)/bash-completion/completions/mcast-peer"
	install -D -m 644 $(GENERATED)/mcast-peer.zsh "$(SHARE)/$(ZSH_DIR)/_mcast-peer"
	install -D -m 644 $(GENERATED)/mcast-peer.fish "$(SHARE)/fish/vendor_completions.d/mcast-peer.fish"
	install -D -m 644 $(GENERATED)/mcast-peer@.service "$(DESTDIR)$(UNIT_DIR)/mcast-peer@.service"
	install -D -m 644 packaging/sysusers.d/mcast-peer.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/mcast-peer.conf"
	install -D -m 644 -t "$(DOCUMENTS)/docs" $(PAGES)
	install -D -m 644 README.md "$(DOCUMENTS)/README.md"

# Writes the package to .build/deb.
deb:
	scripts/setup deb
	rm -rf .build/deb
	$(MAKE) install PREFIX=/usr DESTDIR="$(CURDIR)/.build/deb/root" ZSH_DIR=zsh/vendor-completions UNIT_DIR=/lib/systemd/system
	scripts/package "$(CURDIR)/.build/deb/root" "$(CURDIR)/.build/deb"

deb-test: deb
	scripts/in-clean-root "scripts/test-package .build/deb" "scripts/test-service .build/deb"

uninstall:
	rm -f $(foreach file,$(INSTALLED),"$(file)")

clean:
	rm -rf .build .build-* mcast-peer

setup:
	@SWIFT="$(SWIFT)" scripts/setup
