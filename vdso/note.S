/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The note by which the dynamic loader learns the kernel's version: 6.1.0, as uname(2) says.
 * NT_GNU_ABI_TAG's numeric cousin with owner "Linux" and type 0 holds the version code.
 */
	.section .note.Linux, "a"
	.balign 4
	.long	6
	.long	4
	.long	0
	.asciz	"Linux"
	.balign 4
	.long	(6 << 16) | (1 << 8)

	.section .note.GNU-stack, ""
