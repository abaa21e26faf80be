# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,rust))
APPRUST_ABOUT    := a program built by the Rust of Debian: threads, channels, locks, panics
APPRUST_PACKAGES := rustc
APPRUST_BINARIES := $(APPRUST_BUILD)/sample
APPRUST_PROGRAM  := /sample
APPRUST_FILES    := $(APPRUST_BUILD)/sample:/sample
APPRUST_EXPECT   := $(APPRUST_BASE)/expected
# Debian's compiler, also where another comes first in PATH.
$(APPRUST_BUILD)/sample: $(APPRUST_BASE)/sample.rs
	$(Q)mkdir -p $(@D)
	$(Q)$(or $(wildcard /usr/bin/rustc),rustc) --edition=2021 -O -o $@ $<
