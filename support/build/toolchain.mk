# SPDX-License-Identifier: BSD-3-Clause
# Tools and the flags every kernel object has in common. CC=clang and CROSS_COMPILE=prefix- choose
# the tools; UK_CFLAGS, UK_ASFLAGS and UK_LDFLAGS come last, so that they win.

CROSS_COMPILE ?=
# Built-in defaults are not choices of the user's.
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS_COMPILE)gcc
endif
ifneq ($(filter default undefined,$(origin LD)),)
LD := $(CROSS_COMPILE)ld
endif
NM      := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
HOSTCC  ?= gcc

UK_CFLAGS  ?=
UK_ASFLAGS ?=
UK_LDFLAGS ?=

CONFIG_UK_ARCH := $(if $(CONFIG_ARCH_X86_64),x86_64)
CC_IS_CLANG     = $(findstring clang,$(CC_VERSION))

# Filled by the architecture, by the libraries and by the lines below.
CFLAGS-y     :=
ASFLAGS-y    :=
LDFLAGS-y    :=
CINCLUDES-y  :=
ASINCLUDES-y :=

ifneq ($(UK_NEEDS_CONFIG),)
CC_VERSION := $(shell $(CC) --version 2>&1 | head -n 1)
LIBGCC     := $(wildcard $(shell $(CC) -print-libgcc-file-name))

CFLAGS-y += -std=gnu11 -ffreestanding -fbuiltin -fPIE -fvisibility=hidden -fno-common
CFLAGS-y += -fno-strict-aliasing -fwrapv -fno-stack-protector -fno-asynchronous-unwind-tables
CFLAGS-y += -fno-unwind-tables -fno-exceptions -ffunction-sections -fdata-sections -fno-math-errno
CFLAGS-y += -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter
CFLAGS-y += $(if $(CC_IS_CLANG),-Wno-unused-command-line-argument)
CFLAGS-y += $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS-y += -g
CFLAGS-$(CONFIG_OPTIMIZE_PERF)     += -O2
CFLAGS-$(CONFIG_OPTIMIZE_SIZE)     += -Os
CFLAGS-$(CONFIG_OPTIMIZE_NOOMITFP) += -fno-omit-frame-pointer
# Hidden symbols need no GOT, also where only declared: say so once instead of in every header.
CFLAGS-y += -include $(BUILD_DIR)/include/uk/config.h
CFLAGS-y += -include support/build/visibility.h

ASFLAGS-y += -D__ASSEMBLY__ -g -include $(BUILD_DIR)/include/uk/config.h
ASFLAGS-y += $(if $(CC_IS_CLANG),-Wno-unused-command-line-argument)

LDFLAGS-y += -nostdlib -static -pie --no-dynamic-linker -z text -z norelro -z noexecstack
LDFLAGS-y += -z max-page-size=4096 --build-id=none --gc-sections
# The first segment maps the ELF header with the code, and the image stays one flat block.
LDFLAGS-y += --no-warn-rwx-segments

# Not configured yet: make reads everything again once auto.conf is there.
-include support/build/arch-$(CONFIG_UK_ARCH).mk
endif
