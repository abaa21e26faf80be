# SPDX-License-Identifier: BSD-3-Clause
# Narthex. Thin on purpose: each folder registers its micro-libraries in its own Makefile.uk (see
# support/build/lib.mk) and its options in its own Config.uk; `make help` lists what can be done.
#
# BUILD_DIR= builds elsewhere (one per compiler, say), V=1 shows the commands.

ifeq ($(filter oneshell,$(.FEATURES)),)
$(error GNU Make 4 or later is needed (macOS: gmake))
endif

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:

UK_NAME   := narthex
BUILD_DIR ?= build
SCRIPTS   := support/scripts
Q         := $(if $(filter 1,$(V)),,@)
# What is being made, unless the commands show it (V=1) or nothing is to be shown (-s).
uk_is_quiet = $(or $(filter 1,$(V)),$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))))
uk_say      = $(if $(uk_is_quiet),,@echo "  $(1)")

.DEFAULT_GOAL := all
all: image

include support/build/config.mk

ifeq ($(UK_MIXED_GOALS),)
include support/build/toolchain.mk
include support/build/lib.mk
include support/build/libc.mk
ifneq ($(UK_NEEDS_CONFIG),)
include support/build/import.mk
include support/build/rules.mk
include support/build/link.mk
endif
include support/build/apps.mk
include support/build/run.mk
include support/build/host.mk
include support/build/check.mk
include support/build/help.mk

# Downloads stay until distclean, and what takes minutes.
UK_KEEP := $(addprefix $(BUILD_DIR)/,src bench libc)
clean:
	$(Q)rm -rf $(filter-out $(UK_KEEP),$(wildcard $(BUILD_DIR)/*))
distclean:
	$(Q)rm -rf $(BUILD_DIR) .config .config.old
endif

.PHONY: all image clean distclean
