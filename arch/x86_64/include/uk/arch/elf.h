/* SPDX-License-Identifier: BSD-3-Clause */
/* What ELF files of this machine carry: e_machine, and the one relocation of our own image. */
#ifndef UK_ARCH_ELF_H
#define UK_ARCH_ELF_H

#define UKARCH_ELF_MACHINE 62 /* EM_X86_64 */
#define UKARCH_R_RELATIVE  8  /* R_X86_64_RELATIVE */

#endif /* UK_ARCH_ELF_H */
