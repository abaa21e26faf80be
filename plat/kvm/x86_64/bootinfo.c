/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boot protocols -> struct ukplat_bootinfo. Everything the loader left is read once, through the
 * direct map, and copied: afterwards its memory is free memory.
 *
 * Sources: Multiboot Specification 0.6.96; Xen public/arch-x86/hvm/start_info.h (version 0 has no
 * memory map; every loader we boot from sends version 1).
 */
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/plat/bootinfo.h>
#include <uk/plat/console.h>
#include <uk/plat/power.h>
#include <uk/print.h>
#include <uk/string.h>

enum boot_protocol { BOOT_PROTOCOL_MULTIBOOT = 1, BOOT_PROTOCOL_PVH = 2 };

#define E820_RAM      1
#define EXIT_BAD_BOOT 125 /* the kernel or its configuration failed, not the program */

struct multiboot_info {
	uint32_t flags, mem_lower_kib, mem_upper_kib, boot_device, cmdline, mods_count, mods_addr;
	uint32_t syms[4], mmap_length, mmap_addr;
};
#define MB_HAS_MEM     (1U << 0)
#define MB_HAS_CMDLINE (1U << 2)
#define MB_HAS_MODS    (1U << 3)
#define MB_HAS_MMAP    (1U << 6)
struct __uk_packed multiboot_mmap {
	uint32_t entry_bytes; /* of what follows this word */
	uint64_t base, len;
	uint32_t type;
};
struct multiboot_module {
	uint32_t start, end, string, reserved;
};

struct hvm_start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr, memmap_paddr;
	uint32_t memmap_entries, reserved;
};
#define HVM_MAGIC 0x336ec578
struct hvm_module {
	uint64_t paddr, size, cmdline_paddr, reserved;
};
struct hvm_memmap {
	uint64_t addr, size;
	uint32_t type, reserved;
};

extern char image_start[], image_end[];

static struct ukplat_bootinfo info;

const struct ukplat_bootinfo *ukplat_bootinfo(void)
{
	return &info;
}

/* What was handed over cannot be used: said on the console, and the end (status 125). */
static void __uk_noreturn __uk_printf(1, 2) boot_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	uk_vprintk(UK_LOG_CRIT, fmt, ap);
	va_end(ap);
	ukplat_exit(EXIT_BAD_BOOT);
}

/* Memory of the loader. It lies below 4 GiB; without its tables there is no boot. */
static const void *loader_memory(paddr_t pa, size_t len)
{
	if (ukarch_directmap_ensure(pa, len))
		boot_fail("boot: the loader's data at 0x%lx cannot be mapped\n", pa);
	return ukarch_phys_to_virt(pa);
}

static void copy_cmdline(paddr_t pa, bool skip_first_word)
{
	const char *text;
	size_t len;

	if (!pa)
		return;
	text = loader_memory(pa, 2 * UKPLAT_MAX_CMDLINE); /* the first word may be a path */
	if (skip_first_word) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	len = strnlen(text, sizeof(info.cmdline));
	if (len == sizeof(info.cmdline))
		boot_fail("boot: the command line is longer than %u characters\n",
			  UKPLAT_MAX_CMDLINE - 1);
	memcpy(info.cmdline, text, len);
}

/* --- the region list: RAM minus what is taken ---------------------------------------------------
 */

static void insert_region(unsigned int at, paddr_t base, paddr_t end, enum ukplat_memtype type)
{
	if (info.region_count == UKPLAT_MAX_REGIONS)
		return; /* forget the smallest worry: memory not listed is not used */
	memmove(&info.regions[at + 1], &info.regions[at],
		(info.region_count - at) * sizeof(info.regions[0]));
	info.regions[at] = (struct ukplat_memregion){base, end - base, type};
	info.region_count++;
}

static void add_ram(paddr_t base, uint64_t len)
{
	paddr_t end;
	unsigned int at = 0;

	if (uk_add_overflow(base, len, &end))
		return;
	base = UK_ALIGN_UP(base, UK_PAGE_SIZE);
	end = UK_ALIGN_DOWN(end, UK_PAGE_SIZE);
	if (base == 0)
		base = UK_PAGE_SIZE; /* frame 0 holds the real-mode vectors; and 0 is no address */
	if (base >= end)
		return;
	while (at < info.region_count && info.regions[at].base < base)
		at++;
	insert_region(at, base, end, UKPLAT_MEM_FREE);
}

/* Cuts [base, base + len) out of the free regions and lists it as `type`. */
static void take(paddr_t base, uint64_t len, enum ukplat_memtype type)
{
	paddr_t start = UK_ALIGN_DOWN(base, UK_PAGE_SIZE);
	paddr_t end = UK_ALIGN_UP(base + len, UK_PAGE_SIZE);

	for (unsigned int i = 0; i < info.region_count; i++) {
		struct ukplat_memregion *r = &info.regions[i];
		paddr_t r_end = r->base + r->len_bytes;
		paddr_t lo = UK_MAX(start, r->base), hi = UK_MIN(end, r_end);

		if (r->type != UKPLAT_MEM_FREE || lo >= hi)
			continue;
		if (hi < r_end)
			insert_region(i + 1, hi, r_end, UKPLAT_MEM_FREE);
		if (lo > r->base) {
			r->len_bytes = lo - r->base;
			insert_region(++i, lo, hi, type);
		} else {
			*r = (struct ukplat_memregion){lo, hi - lo, type};
		}
	}
}

static bool is_in_ram(paddr_t base, uint64_t len)
{
	for (unsigned int i = 0; i < info.region_count; i++) {
		const struct ukplat_memregion *r = &info.regions[i];

		if (base >= r->base && len <= r->len_bytes && base - r->base <= r->len_bytes - len)
			return true;
	}
	return false;
}

static void set_initrd(paddr_t base, uint64_t len)
{
	if (!len)
		return;
	if (!is_in_ram(base, len))
		boot_fail("boot: the initrd (0x%lx, %lu bytes) does not lie in RAM; "
			  "give the machine more memory\n",
			  base, len);
	info.initrd_base = base;
	info.initrd_len_bytes = len;
}

/* --- protocols ----------------------------------------------------------------------------------
 */

static void read_multiboot(paddr_t pa)
{
	const struct multiboot_info *mb = loader_memory(pa, sizeof(*mb));

	info.protocol = "multiboot";
	if (mb->flags & MB_HAS_CMDLINE)
		copy_cmdline(mb->cmdline, true);
	if (mb->flags & MB_HAS_MMAP) {
		const char *entry = loader_memory(mb->mmap_addr, mb->mmap_length);
		const char *end = entry + mb->mmap_length;

		while (end - entry >= (long)sizeof(struct multiboot_mmap)) {
			struct multiboot_mmap map;

			memcpy(&map, entry, sizeof(map));
			if (map.type == E820_RAM)
				add_ram(map.base, map.len);
			entry += map.entry_bytes + sizeof(map.entry_bytes);
		}
	} else if (mb->flags & MB_HAS_MEM) {
		add_ram(0, (uint64_t)mb->mem_lower_kib << 10);
		add_ram(0x100000, (uint64_t)mb->mem_upper_kib << 10);
	}
	if ((mb->flags & MB_HAS_MODS) && mb->mods_count) {
		const struct multiboot_module *m = loader_memory(mb->mods_addr, sizeof(*m));

		if (m->end > m->start)
			set_initrd(m->start, m->end - m->start);
	}
}

static void read_pvh(paddr_t pa)
{
	const struct hvm_start_info *si = loader_memory(pa, sizeof(*si));
	const struct hvm_memmap *map;

	info.protocol = "pvh";
	if (si->magic != HVM_MAGIC || si->version < 1)
		boot_fail("boot: bad PVH start info (magic 0x%x, version %u)\n", si->magic,
			  si->version);
	copy_cmdline(si->cmdline_paddr, false);
	info.acpi_rsdp = si->rsdp_paddr;
	map = loader_memory(si->memmap_paddr, si->memmap_entries * sizeof(*map));
	for (uint32_t i = 0; i < si->memmap_entries; i++)
		if (map[i].type == E820_RAM)
			add_ram(map[i].addr, map[i].size);
	if (si->nr_modules) {
		const struct hvm_module *m = loader_memory(si->modlist_paddr, sizeof(*m));

		set_initrd(m->paddr, m->size);
	}
}

/* Called by boot_common.S with what it kept in registers. */
void __uk_noreturn ukplat_boot(enum boot_protocol protocol, paddr_t structure, paddr_t image_base,
			       uint64_t entry_counter);
void __uk_noreturn ukplat_boot(enum boot_protocol protocol, paddr_t structure, paddr_t image_base,
			       uint64_t entry_counter)
{
	ukplat_console_init();
	info.entry_counter = entry_counter;
	info.kernel_base = image_base;
	info.kernel_end = image_base + (paddr_t)(image_end - image_start);
	if (protocol == BOOT_PROTOCOL_PVH)
		read_pvh(structure);
	else
		read_multiboot(structure);
	take(info.kernel_base, info.kernel_end - info.kernel_base, UKPLAT_MEM_KERNEL);
	if (info.initrd_len_bytes)
		take(info.initrd_base, info.initrd_len_bytes, UKPLAT_MEM_INITRD);
	kmain(&info);
}
