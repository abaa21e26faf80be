# SPDX-License-Identifier: BSD-3-Clause
# libmusl: the memory and string routines of <uk/string.h> and qsort, taken from musl as Debian's
# source package carries it, compiled with the kernel's flags. Nothing of it is in this tree.

MUSL_VERSION := $(LIBC_MUSL_VERSION)
MUSL_SHA256  := $(LIBC_MUSL_SHA256)
UK_SOURCES   := build/src
MUSL_DIR     := $(UK_SOURCES)/musl-$(MUSL_VERSION)
MUSL_READY   := $(MUSL_DIR)/.unpacked

MUSL_STRING := memchr memcmp memrchr strchr strchrnul strcmp strcspn strlcat strlcpy strlen \
	       strncmp strnlen strrchr strspn strstr
MUSL_ASM    := memcpy memmove memset

$(eval $(call addlib,libmusl))
LIBMUSL_BASE := $(MUSL_DIR)
LIBMUSL_SRCS-y += $(MUSL_STRING:%=$(MUSL_DIR)/src/string/%.c)
ifneq ($(CONFIG_ARCH_X86_64),)
LIBMUSL_SRCS-y += $(MUSL_ASM:%=$(MUSL_DIR)/src/string/x86_64/%.s)
else
LIBMUSL_SRCS-y += $(MUSL_ASM:%=$(MUSL_DIR)/src/string/%.c)
endif
LIBMUSL_SRCS-y += $(MUSL_DIR)/src/stdlib/qsort.c $(MUSL_DIR)/src/stdlib/qsort_nr.c

# Its own headers only, its own style of C, and no call of itself for a loop of its own.
LIBMUSL_NO_GLOBAL_INCLUDES := y
LIBMUSL_SUPPRESS-y   := -fbuiltin -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
LIBMUSL_CFLAGS-y     := -fno-builtin -nostdinc -std=c99 -w
LIBMUSL_CFLAGS-y     += $(if $(CC_IS_CLANG),,-fno-tree-loop-distribute-patterns)
LIBMUSL_CINCLUDES-y  := $(addprefix -I$(MUSL_DIR)/,arch/$(CONFIG_UK_ARCH) arch/generic \
			src/include src/internal) -I$(LIBMUSL_BUILD)/include -I$(MUSL_DIR)/include
LIBMUSL_DEPS-y       := $(LIBMUSL_BUILD)/include/bits/alltypes.h

$(MUSL_READY):
	$(Q)$(SCRIPTS)/fetch-source musl $(MUSL_VERSION) $(MUSL_SHA256)
$(LIBMUSL_SRCS-y): | $(MUSL_READY)
	$(Q)test -f $@
$(LIBMUSL_BUILD)/include/bits/alltypes.h: | $(MUSL_READY)
	$(Q)mkdir -p $(@D)
	$(Q)sed -f $(MUSL_DIR)/tools/mkalltypes.sed $(MUSL_DIR)/arch/$(CONFIG_UK_ARCH)/bits/$(@F).in \
		$(MUSL_DIR)/include/$(@F).in >$@
