/* SPDX-License-Identifier: BSD-3-Clause */
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/page.h>
#include <uk/string.h>
#include "stubs.h"

/* A block: three slots, each at an address whose first byte is an invalid opcode, and their stubs.
 */
#define BLOCK_BYTES     256
#define STUBS_PER_BLOCK 3
#define SLOT(index)     (0x06 + 8 * (index))
#define STUB(index)     (0x28 + SITE_STUB_BYTES * (index))
#define AREA_START      (UKARCH_VSYSCALL_ADDR + UK_PAGE_SIZE)
#define AREA_END        (UKARCH_VSYSCALL_ADDR + 0x20000) /* third byte 60 or 61 */
#define AREA_STUBS      ((AREA_END - AREA_START) / BLOCK_BYTES * STUBS_PER_BLOCK)
#define AREA_PAGES      ((AREA_END - AREA_START) / UK_PAGE_SIZE)
/* 06, 0e, 16, 1e push segment registers, 60 and 61 all registers, and neither does so in 64-bit
 * mode (SDM vol. 2, table A-2): what site_code.h asks of a slot's first and third byte. */
_Static_assert((SLOT(0) & 0xe7) == 0x06 && SLOT(STUBS_PER_BLOCK - 1) <= 0x1e, "");
_Static_assert((AREA_START >> 16 & 0xff) == 0x60 && (AREA_END - 1) >> 16 == (AREA_START >> 16) + 1,
	       "");
_Static_assert(STUB(STUBS_PER_BLOCK) <= BLOCK_BYTES, "");
_Static_assert(SLOT(STUBS_PER_BLOCK) <= STUB(0), "");

/* How many there are. They are made in order; pages as they are needed. */
static unsigned int stub_count;
static uint8_t *pages[AREA_PAGES]; /* where the direct map shows them */

static vaddr_t block_of(unsigned int index)
{
	return AREA_START + (vaddr_t)(index / STUBS_PER_BLOCK * BLOCK_BYTES);
}

/* Where the kernel writes what the program finds at `address`. NULL: no memory. */
static uint8_t *writable(vaddr_t address)
{
	size_t offset = address - AREA_START;
	uint8_t **page = &pages[offset / UK_PAGE_SIZE];

	if (!*page) {
		struct page *fresh = page_alloc_zeroed();

		if (!fresh)
			return NULL;
		if (ukarch_kernel_map(UK_ALIGN_DOWN(address, UK_PAGE_SIZE), page_to_phys(fresh),
				      UK_PAGE_SIZE,
				      UKARCH_PT_READ | UKARCH_PT_EXEC | UKARCH_PT_USER)) {
			page_put(fresh);
			return NULL;
		}
		*page = page_address(fresh);
	}
	return *page + offset % UK_PAGE_SIZE;
}

vaddr_t stub_make(const struct site_code *code, vaddr_t site)
{
	unsigned int index = stub_count;
	vaddr_t slot = block_of(index) + SLOT(index % STUBS_PER_BLOCK);
	struct site_stub_place place = {
		.stub = stub_of_slot(slot),
		.kernel_entry = (vaddr_t)x86_site_entry,
		.site = site,
		.entries = (uint32_t)syscall_table_entries,
	};
	uint8_t *at;

	if (index == AREA_STUBS || !(at = writable(slot)))
		return 0;
	memcpy(at, &place.stub, sizeof(place.stub));
	site_encode_stub(code, &place, writable(place.stub));
	stub_count++;
	return slot;
}

void stubs_reset(void)
{
	stub_count = 0;
}

vaddr_t stub_of_slot(vaddr_t slot)
{
	vaddr_t block = UK_ALIGN_DOWN(slot, BLOCK_BYTES);

	return block + STUB((slot - block - SLOT(0)) / 8);
}

vaddr_t stub_at(vaddr_t pc)
{
	vaddr_t block = UK_ALIGN_DOWN(pc, BLOCK_BYTES), index;

	if (pc < AREA_START || pc >= AREA_END || pc - block < STUB(0))
		return 0;
	index = (pc - block - STUB(0)) / SITE_STUB_BYTES;
	if (index >= STUBS_PER_BLOCK ||
	    (block - AREA_START) / BLOCK_BYTES * STUBS_PER_BLOCK + index >= stub_count)
		return 0;
	return block + STUB(index);
}
