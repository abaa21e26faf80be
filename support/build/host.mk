# SPDX-License-Identifier: BSD-3-Clause
# Unit tests and fuzz targets, on the build host with its sanitizers. <folder>/test/Makefile.host:
#
#   HOSTTESTS += test_foo            a cmocka program
#   test_foo_SRCS := core/foo/test/test_foo.c core/foo/foo.c
#   test_foo_CFLAGS := ...           before the tree's include folders: a shim may replace a header
#   HOSTFUZZ += fuzz_foo             a libFuzzer target, run for FUZZ_SECONDS
#   fuzz_foo_SRCS := ...
#   fuzz_foo_SEEDS := <folder of examples>    fuzz_foo_MAXLEN := <bytes>
#
# TESTS="test_foo ..." picks some.

HOSTTESTS :=
HOSTFUZZ  :=
FUZZ_SECONDS ?= 3

include $(sort $(wildcard $(foreach depth,* */* */*/*,$(depth)/test/Makefile.host)))

HOST_DIR := $(BUILD_DIR)/host
HOST_INCLUDES := $(addprefix -I,$(wildcard core/lib/include arch/include arch/x86_64/include \
		 plat/include core/*/include rootfs/include syscall/include loader/include \
		 syscall/x86_64/include))
HOST_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wno-unused-parameter \
	       -D_GNU_SOURCE
HOST_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_SANITIZE := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

# $(1) program, $(2) compiler, $(3) sanitizers, $(4) libraries
define uk_host_program
$(1)_OBJS := $$(patsubst %,$(HOST_DIR)/$(1)/%.o,$$($(1)_SRCS))
$(call uk_keep_text,$(HOST_DIR)/$(1)/.flags,$(2) $(HOST_CFLAGS) $(3) $($(1)_CFLAGS) \
	$(HOST_INCLUDES) $($(1)_SRCS))
$$($(1)_OBJS): $(HOST_DIR)/$(1)/%.o: % $(HOST_DIR)/$(1)/.flags | prerequisites-test
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) $(HOST_CFLAGS) $(3) $$($(1)_CFLAGS) $(HOST_INCLUDES) -MMD -MP -c $$< -o $$@
$(HOST_DIR)/$(1)/$(1): $$($(1)_OBJS)
	$$(Q)$(2) $(3) $$^ $$($(1)_LIBS) $(4) -o $$@
-include $$($(1)_OBJS:.o=.d)
endef

ifneq ($(filter host-program,$(MAKECMDGOALS)),)
$(foreach test,$(HOSTTESTS),$(eval $(call uk_host_program,$(test),$(HOSTCC),$(strip \
	$(HOST_SANITIZE)),-lcmocka -lbsd)))
$(foreach test,$(HOSTFUZZ),$(eval $(call uk_host_program,$(test),clang,$(strip \
	$(FUZZ_SANITIZE)),-lbsd)))
endif

uk_picked  = $(if $(TESTS),$(filter $(TESTS),$(1)),$(1))
uk_program = $(HOST_DIR)/$(1)/$(1)

# A program that does not compile is one failed test, not the end of the others.
host-tests: $(foreach test,$(call uk_picked,$(HOSTTESTS)),host-test-$(test))
host-fuzz: $(foreach test,$(call uk_picked,$(HOSTFUZZ)),host-fuzz-$(test))
host-test-%:
	@$(SCRIPTS)/host-test test $* '$(MAKE)' $(call uk_program,$*)
host-fuzz-%:
	@UK_MAXLEN='$($*_MAXLEN)' UK_SEEDS='$($*_SEEDS)' UK_SECONDS=$(FUZZ_SECONDS) \
		$(SCRIPTS)/host-test fuzz $* '$(MAKE)' $(call uk_program,$*)
# What host-test asks for: one program, built.
host-program: $(UK_HOST_PROGRAM)
.PHONY: host-tests host-fuzz host-program
