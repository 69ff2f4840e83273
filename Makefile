# SPDX-License-Identifier: Apache-2.0
# The front door; Meson does the work.
#   make          build build/polyvirt
#   make demo     install what is missing, build, and walk the three APIs on real machines
#   make check    install what is missing, build, run all tests
#   make bench    figures, each a ratio taken in one run
BUILD   ?= build
PYTHON  ?= /usr/bin/python3
DESTDIR ?=
SANITIZE = address,undefined

.PHONY: all setup guest demo check check-asan bench install clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD) $(MESONFLAGS)

setup:
	@tools/setup.sh packages.txt

guest: $(BUILD)/build.ninja
	@guest/build.sh $(BUILD)/guest.qcow2

demo: setup
	@$(MAKE) --no-print-directory all guest
	@$(PYTHON) demo/demo.py --build $(BUILD)

check: setup
	@$(MAKE) --no-print-directory all guest
	@$(PYTHON) tools/check.py $(BUILD)

# The same tests on a build that stops at the first bad read, leak or undefined shift.
check-asan: setup
	@$(MAKE) --no-print-directory all guest BUILD=build-asan \
	    MESONFLAGS="-Db_sanitize=$(SANITIZE) -Db_lundef=false"
	@$(PYTHON) tools/check.py build-asan

bench: setup
	@$(MAKE) --no-print-directory all guest
	@$(PYTHON) bench/run.py $(BUILD)

install: all
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf build build-asan
