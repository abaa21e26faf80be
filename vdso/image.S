/* SPDX-License-Identifier: BSD-3-Clause */
/* The finished vDSO as pages of the kernel image (VDSO_SO: its file, from Makefile.uk). */
	.section .rodata.vdso, "a"
	.balign 4096
	.global vdso_image_start, vdso_image_end
	.hidden vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin VDSO_SO
	.balign 4096
vdso_image_end:

	.section .note.GNU-stack, ""
