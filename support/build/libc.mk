# SPDX-License-Identifier: BSD-3-Clause
# C libraries that make system calls by calling the kernel: Debian's, patched. vsyscall/<name> has
# the patch, the recipe and a libc.mk:
#
#   $(eval $(call addlibc,foo,libfoo))   the source package, and the package that its files are in
#   LIBC_FOO_VERSION, LIBC_FOO_SHA256, LIBC_FOO_DEBIAN_SHA256    pinned
#   LIBC_FOO_FILES := what it takes the place of; build/libc/foo has the same names
#
#   make libc-foo                 into build/libc/foo, once
#   make run LIBC=patched|distro  with this machine's libraries replaced by these, or as they are
#
# Apps of the catalogue have the patched ones where this machine's are of the same version.

UK_LIBCS    :=
UK_LIBC_DIR := build/libc

define uk_addlibc
UK_LIBCS += $(1)
LIBC_$(2)_PACKAGE := $(3)
endef
addlibc = $(call uk_addlibc,$(1),$(call ucase,$(1)),$(2))

include $(sort $(wildcard vsyscall/*/libc.mk))

define uk_libc_rules
libc-$(1): | prerequisites-libc
	$$(Q)$(SCRIPTS)/build-libc $(1) $(LIBC_$(2)_VERSION) $(LIBC_$(2)_SHA256) \
		$(LIBC_$(2)_DEBIAN_SHA256)
.PHONY: libc-$(1)
endef
$(foreach libc,$(UK_LIBCS),$(eval $(call uk_libc_rules,$(libc),$(call ucase,$(libc)))))

ifneq ($(filter-out patched distro,$(LIBC)),)
$(error LIBC=$(LIBC): patched or distro)
endif

# Their versions on this machine. What is not replaced (libm, say) must be of the same upstream
# version; of a library that is not here, nothing is replaced. (Found out once, when it is needed.)
uk_libc_package  = $(LIBC_$(call ucase,$(1))_PACKAGE)
uk_upstream      = $(firstword $(subst -, ,$(1)))
uk_libc_here     = $(eval uk_libc_here := $$(shell dpkg-query -W -f '$$$${Package}=$$$${Version} ' \
		   $(foreach libc,$(UK_LIBCS),$(call uk_libc_package,$(libc))) 2>/dev/null))$(uk_libc_here)
uk_libc_version  = $(call uk_upstream,$(patsubst $(call uk_libc_package,$(1))=%,%,$(filter $(call \
		   uk_libc_package,$(1))=%,$(uk_libc_here))))
uk_libc_pinned   = $(call uk_upstream,$(LIBC_$(call ucase,$(1))_VERSION))
uk_libc_fits     = $(filter $(call uk_libc_pinned,$(1)),$(call uk_libc_version,$(1)))

# The libraries out of $(1) that are replaced, $(2) being what is done when LIBC= says nothing; the
# same as goals, and as arguments of mkinitrd.
uk_libcs        = $(if $(filter patched,$(or $(LIBC),$(2))),$(foreach libc,$(1),$(if $(call \
		  uk_libc_fits,$(libc)),$(libc))))
uk_libc_goals   = $(addprefix libc-,$(call uk_libcs,$(1),$(2)))
uk_libc_replace = $(if $(LIBC),$(foreach libc,$(1),$(call uk_libc_check,$(libc))))$(foreach \
		  libc,$(call uk_libcs,$(1),$(2)),$(foreach file,$(LIBC_$(call ucase,$(libc))_FILES),-r \
		  $(file)=$(UK_LIBC_DIR)/$(libc)/$(notdir $(file))))
uk_libc_check   = $(if $(filter patched,$(LIBC)),$(if $(wildcard $(firstword $(LIBC_$(call \
		  ucase,$(1))_FILES))),$(if $(call uk_libc_fits,$(1)),,$(error LIBC=patched: $(1) is \
		  $(or $(call uk_libc_version,$(1)),another) here, not $(call uk_libc_pinned,$(1))))))
