/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vDSO: one read-only, executable segment that begins with the ELF header, so that the mapped
 * page is the file. The data page lies right below.
 *
 *   -4096  vdso_data    [vvar]
 *       0  ELF header   [vdso]
 */
PHDRS
{
	text         PT_LOAD FILEHDR PHDRS FLAGS(5);
	dynamic      PT_DYNAMIC FLAGS(4);
	note         PT_NOTE FLAGS(4);
	eh_frame_hdr PT_GNU_EH_FRAME;
}

SECTIONS
{
	vdso_data = . - 4096;
	. = SIZEOF_HEADERS;

	.hash         : { *(.hash) } :text
	.gnu.hash     : { *(.gnu.hash) } :text
	.dynsym       : { *(.dynsym) } :text
	.dynstr       : { *(.dynstr) } :text
	.gnu.version  : { *(.gnu.version) } :text
	.gnu.version_d : { *(.gnu.version_d) } :text
	.note         : { *(.note.*) } :text :note
	.eh_frame_hdr : { *(.eh_frame_hdr) } :text :eh_frame_hdr
	.eh_frame     : { KEEP(*(.eh_frame)) } :text
	.dynamic      : { *(.dynamic) } :text :dynamic
	.rodata       : { *(.rodata .rodata.*) } :text
	.text         : { *(.text .text.*) } :text

	/* Nothing may be left that would need a relocation or memory of its own. */
	.forbidden    : { *(.data .data.* .bss .bss.* .got .got.plt .dynbss .rela.* .plt
			  .plt.* .gnu.version_r) }
	ASSERT(SIZEOF(.forbidden) == 0, "the vDSO has no writable data and no relocations")

	/DISCARD/     : { *(.comment) *(.note.GNU-stack) *(.note.gnu.property) *(.sframe) }
}

VERSION
{
	LINUX_2.6 {
	global:
		__vdso_clock_gettime;
		__vdso_clock_getres;
		__vdso_gettimeofday;
		__vdso_time;
		__vdso_getcpu;
		clock_gettime;
		clock_getres;
		gettimeofday;
		time;
		getcpu;
		__kernel_vsyscall;
	local:
		*;
	};
}
