# SPDX-License-Identifier: BSD-3-Clause
# x86-64: the kernel shares its registers with the program, so it uses no vector register, and an
# interrupt may come in at any time, so there is no red zone. Jump targets and loops are not aligned:
# the loops here turn a few times, and what fills the gaps is executed too. Functions hardly are: the
# gaps between them were a fiftieth of the code.

CFLAGS-y  += -m64 -mgeneral-regs-only -mno-red-zone -fcf-protection=none
CFLAGS-y  += -falign-functions=4 $(if $(CC_IS_CLANG),,-falign-jumps=1 -falign-loops=1)
ASFLAGS-y += -m64
# Relocations in a few hundred bytes instead of 24 bytes each; a linker that cannot do it says so.
LDFLAGS-y += -m elf_x86_64 --hash-style=sysv -z pack-relative-relocs
