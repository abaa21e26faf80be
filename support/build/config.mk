# SPDX-License-Identifier: BSD-3-Clause
# The configuration: .config (Kconfig) -> auto.conf for make, config.h for the compiler.
#
# A missing .config (UK_CONFIG= names another) becomes the default one without a question. auto.conf is an included makefile,
# so make brings it up to date and starts over before it builds anything: every rule sees the
# configuration it is built for. config.h changes only when its contents do.

CONFIG_GOALS   := menuconfig defconfig savedefconfig oldconfig olddefconfig
NOCONFIG_GOALS := $(CONFIG_GOALS) help clean distclean prerequisites prerequisites-% apps check \
		  check-% host-% script-tests syscall-sites test test-app% bench libc-%

UK_CONFIG      ?= .config
KCONFIG        := KCONFIG_CONFIG=$(UK_CONFIG) BUILD_DIR=$(BUILD_DIR) $(SCRIPTS)/kconfig
KCONFIG_FILES  := Config.uk $(wildcard arch/*/Config.uk plat/Config.uk plat/*/Config.uk \
		  plat/kvm/*/Config.uk core/*/Config.uk rootfs/Config.uk vdso/Config.uk \
		  vsyscall/Config.uk syscall/Config.uk loader/Config.uk)
UK_DEFCONFIG   ?=

# Goals that make the configuration and goals that read it: one after the other.
UK_MIXED_GOALS :=
ifneq ($(filter $(CONFIG_GOALS) clean distclean,$(MAKECMDGOALS)),)
ifneq ($(word 2,$(MAKECMDGOALS)),)
UK_MIXED_GOALS := y
endif
endif

UK_NEEDS_CONFIG :=
ifneq ($(or $(if $(MAKECMDGOALS),,all),$(filter-out $(NOCONFIG_GOALS),$(MAKECMDGOALS))),)
UK_NEEDS_CONFIG := y
endif

ifneq ($(UK_MIXED_GOALS),)
$(MAKECMDGOALS): one-by-one
	@:
one-by-one:
	@set -e; for goal in $(MAKECMDGOALS); do $(MAKE) --no-print-directory $$goal; done
.PHONY: one-by-one $(MAKECMDGOALS)
else

menuconfig oldconfig olddefconfig: prerequisites-build
	$(Q)$(KCONFIG) $@
defconfig: prerequisites-build
	$(Q)$(KCONFIG) $@ $(UK_DEFCONFIG)
savedefconfig: prerequisites-build
	$(Q)$(KCONFIG) $@ $(or $(UK_DEFCONFIG),defconfig)
.PHONY: $(CONFIG_GOALS)

# Checked at every build, in a few milliseconds; nothing is remade because of it.
# (A static pattern rule: make looks for no implicit rule for what is .PHONY.)
UK_PREREQUISITES := $(addprefix prerequisites-,build run test bench libc)
prerequisites: $(UK_PREREQUISITES)
$(UK_PREREQUISITES): prerequisites-%:
	$(Q)$(SCRIPTS)/prerequisites $*
.PHONY: prerequisites $(UK_PREREQUISITES)

ifneq ($(UK_NEEDS_CONFIG),)
include $(BUILD_DIR)/auto.conf
endif
$(UK_CONFIG): | prerequisites-build
	$(Q)mkdir -p $(@D)
	$(Q)$(KCONFIG) defconfig $(UK_DEFCONFIG)
$(BUILD_DIR)/auto.conf: $(UK_CONFIG) $(KCONFIG_FILES) $(SCRIPTS)/kconfig | prerequisites-build
	$(Q)$(KCONFIG) sync

endif
