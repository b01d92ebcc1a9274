# What a person or CI does with the project. Each target sets up what it needs.
#
#   make            build ./mcast-peer
#   make demo       three peers over loopback for ten seconds, and a verdict
#   make test       all that CI runs: lint, the demo, the tests
#   make run-node0  run node 0 in this terminal; likewise 1 and 2
#   make measure    start-up time, idle CPU and memory, against their limits
#   make install    put mcast-peer into $(PREFIX)/bin

PREFIX ?= /usr/local
SWIFT ?= swift

# The Swift runtime is linked into the release, so that it runs where no Swift is installed.
RELEASE = --configuration release --product mcast-peer --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -s

.PHONY: all demo test unit lint measure run-node0 run-node1 run-node2 install clean setup
.NOTPARALLEL:

all: setup
	$(SWIFT) build $(RELEASE)
	cp -f "$$($(SWIFT) build $(RELEASE) --show-bin-path)/mcast-peer" mcast-peer

demo: all
	scripts/demo ./mcast-peer

test: lint demo unit

unit: all
	scripts/setup test
	WARNINGS_AS_ERRORS=1 $(SWIFT) build --build-tests
	MCAST_PEER="$(CURDIR)/mcast-peer" WARNINGS_AS_ERRORS=1 $(SWIFT) test --skip-build --disable-xctest

lint: setup
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

measure: all
	scripts/measure ./mcast-peer

run-node0 run-node1 run-node2: run-node%: all
	./mcast-peer $*

install: all
	install -D -m 755 mcast-peer "$(DESTDIR)$(PREFIX)/bin/mcast-peer"

clean:
	rm -rf .build mcast-peer

setup:
	@SWIFT="$(SWIFT)" scripts/setup
