# SPDX-License-Identifier: BSD-3-Clause
# Takes in the Makefile.uk of every folder of the house, lowest rank first. A folder named after an
# architecture or a platform counts only when that one is configured.

UK_FOLDERS := core/lib arch plat core rootfs vdso vsyscall syscall loader

# Every Makefile.uk in folder $(1), down to three levels.
uk_makefiles = $(foreach depth,/ /*/ /*/*/ /*/*/*/,$(sort $(wildcard $(1)$(depth)Makefile.uk)))

uk_unused_dirs := $(filter-out $(CONFIG_UK_ARCH),x86_64 arm64)
uk_is_unused    = $(strip $(foreach dir,$(uk_unused_dirs),$(findstring /$(dir)/,$(1))))
uk_imports_all := $(foreach folder,$(UK_FOLDERS),$(call uk_makefiles,$(folder)))
UK_IMPORTS     :=
$(foreach file,$(uk_imports_all),$(if $(or $(call uk_is_unused,$(file)),$(filter \
	$(file),$(UK_IMPORTS))),,$(eval UK_IMPORTS += $(file))))

include $(UK_IMPORTS)
include support/build/musl.mk
include support/build/lwip.mk
