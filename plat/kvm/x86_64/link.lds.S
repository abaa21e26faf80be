/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel image. Linked at UKARCH_IMAGE_BASE; loaded by PVH and Multiboot at 1 MiB, runs from
 * wherever it finds itself. File offsets and addresses advance together from the ELF header on,
 * so that the Multiboot header can describe the file as one flat block (a.out kludge).
 *
 *   image_start  ELF header, boot code, text         R-X
 *   rodata_start constants, tables, notes            R--
 *   data_start   data                                RW-
 *   bss_start    zeroed by the loader                RW-
 *   image_end
 */
#include <uk/arch/layout.h>

#define LOAD_ADDR 0x100000
#define PADDR(symbol) (symbol - UKARCH_IMAGE_BASE + LOAD_ADDR)

#define MB_MAGIC 0x1BADB002
#define MB_FLAGS 0x10003 /* page-aligned modules, memory information, addresses follow */
#define XEN_ELFNOTE_PHYS32_ENTRY 18

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry_paddr)

PHDRS
{
	text   PT_LOAD FILEHDR PHDRS FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data   PT_LOAD FLAGS(6);
	note   PT_NOTE FLAGS(4);
	dyn    PT_DYNAMIC FLAGS(6);
}

SECTIONS
{
	. = UKARCH_IMAGE_BASE;
	image_start = .;
	. += SIZEOF_HEADERS;

	.text : AT(PADDR(ADDR(.text))) {
		/* Multiboot 1 header (boot_multiboot.S): within the first 8 KiB of the file. */
		. = ALIGN(4);
		multiboot_header = .;
		LONG(MB_MAGIC)
		LONG(MB_FLAGS)
		LONG(0 - (MB_MAGIC + MB_FLAGS))
		LONG(PADDR(multiboot_header))
		LONG(LOAD_ADDR)
		LONG(PADDR(data_end))
		LONG(PADDR(image_end))
		LONG(PADDR(multiboot_start))
		KEEP(*(.boot.text))
		*(.text .text.*)
	} :text

	. = ALIGN(4096);
	rodata_start = .;
	.rodata : AT(PADDR(ADDR(.rodata))) {
		*(.rodata.vdso) /* whole pages */
		*(.rodata .rodata.*)
		. = ALIGN(8);
		extable_start = .;
		KEEP(*uaccess.S.o(.extable)) /* searched from here on: most faults are these */
		KEEP(*(.extable))
		extable_end = .;
	} :rodata
	.note : AT(PADDR(ADDR(.note))) {
		/* PVH (boot_pvh.S): namesz, descsz, type, "Xen", physical entry. */
		LONG(4)
		LONG(8)
		LONG(XEN_ELFNOTE_PHYS32_ENTRY)
		LONG(0x006e6558)
		QUAD(PADDR(pvh_start))
	} :rodata :note
	.hash : AT(PADDR(ADDR(.hash))) { *(.hash) *(.gnu.hash) *(.dynsym) *(.dynstr) } :rodata
	.rela : AT(PADDR(ADDR(.rela))) {
		rela_start = .;
		*(.rela .rela.*)
		rela_end = .;
	} :rodata
	.relr.dyn : AT(PADDR(ADDR(.relr.dyn))) {
		relr_start = .;
		*(.relr.dyn)
		relr_end = .;
	} :rodata
	.ksyms : AT(PADDR(ADDR(.ksyms))) {
		KEEP(*(.ksyms))
	} :rodata

	/* Relocated while every page can still be written (arch/x86_64/start.c). */
	.data.rel.ro : AT(PADDR(ADDR(.data.rel.ro))) {
		*(.data.rel.ro .data.rel.ro.*)
		. = ALIGN(8);
		uk_params_start = .;
		KEEP(*(.uk_params))
		uk_params_end = .;
		uk_virtio_drivers_start = .;
		KEEP(*(.uk_virtio_drivers))
		uk_virtio_drivers_end = .;
	} :rodata
	.dynamic : AT(PADDR(ADDR(.dynamic))) { *(.dynamic) } :rodata :dyn
	.got : AT(PADDR(ADDR(.got))) { *(.got .got.plt) } :rodata

	. = ALIGN(4096);
	data_start = .;
	.data : AT(PADDR(ADDR(.data))) {
		*(.data .data.*)
		. = ALIGN(8);
	} :data
	data_end = .;

	.bss : AT(PADDR(ADDR(.bss))) {
		*(.bss.page_aligned)
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
	} :data
	image_end = .;

	boot_entry_paddr = ABSOLUTE(PADDR(pvh_start));

	ASSERT(image_end - image_start <= 0x200000, "one page table maps the image: 2 MiB at most")

	/DISCARD/ : {
		*(.comment) *(.note.gnu.*) *(.note.GNU-stack) *(.eh_frame .eh_frame_hdr) *(.interp)
	}
}
