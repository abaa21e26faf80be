# SPDX-License-Identifier: BSD-3-Clause
# x86-64: the kernel shares its registers with the program, so it uses no vector register, and an
# interrupt may come in at any time, so there is no red zone.

CFLAGS-y  += -m64 -mgeneral-regs-only -mno-red-zone -fcf-protection=none
ASFLAGS-y += -m64
LDFLAGS-y += -m elf_x86_64 --hash-style=sysv
