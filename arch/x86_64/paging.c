/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables of x86_64: four levels, 4 KiB and 2 MiB leaves (Intel SDM vol. 3, 4.5).
 *
 * The kernel half is three PML4 entries (direct map; page array, stacks and devices; image) whose
 * PDPTs exist from boot on, so a new table copies three words and later kernel mappings appear
 * in all of them. Bit 9, ignored by the CPU, is UKARCH_PT_SHARED.
 */
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/assert.h>
#include <uk/string.h>

#define PTE_PRESENT  (1UL << 0)
#define PTE_WRITE    (1UL << 1)
#define PTE_USER     (1UL << 2)
#define PTE_PWT      (1UL << 3)
#define PTE_PCD      (1UL << 4)
#define PTE_ACCESSED (1UL << 5)
#define PTE_DIRTY    (1UL << 6)
#define PTE_LARGE    (1UL << 7)
#define PTE_SHARED   (1UL << 9)
/* Set in a leaf that allows no access at all (PROT_NONE over a present page): not present for the
 * CPU, but still a leaf for us. */
#define PTE_NONE (1UL << 10)
#define PTE_NX   (1UL << 63)
#define PTE_ADDR 0x000ffffffffff000UL

#define LEVELS         4
#define ENTRIES        512UL
#define SLOTS_PER_LINE 8
#define KERNEL_HALF    256
#define FLUSH_ALL      32 /* from this many pages on, reloading CR3 beats single invalidations */

extern uint64_t x86_kernel_pml4[ENTRIES], x86_image_pt[ENTRIES];
extern uint64_t x86_direct_pdpt[ENTRIES];
extern char image_start[], rodata_start[], data_start[], image_end[];
extern char boot_stack[];

/* PDPT of the page array, stacks and devices. */
static uint64_t kernel_pdpt[ENTRIES] __uk_aligned(4096) __uk_section(".bss.page_aligned");
static struct ukarch_pagetable kernel_pt;

static inline unsigned int table_shift(unsigned int level)
{
	return UK_PAGE_SHIFT + 9 * level; /* level 0: a PTE covers 4 KiB */
}
static inline unsigned int table_index(vaddr_t va, unsigned int level)
{
	return (unsigned int)(va >> table_shift(level)) & (ENTRIES - 1);
}
static inline uint64_t *table_of(uint64_t entry)
{
	return ukarch_phys_to_virt(entry & PTE_ADDR);
}
static inline bool is_leaf(uint64_t entry, unsigned int level)
{
	return level == 0 || (entry & PTE_LARGE);
}
static void flush_range(vaddr_t start, vaddr_t end)
{
	if ((end - start) >> UK_PAGE_SHIFT >= FLUSH_ALL) {
		X86_WRITE_CR(3, X86_READ_CR(3));
		return;
	}
	for (; start < end; start += UK_PAGE_SIZE)
		x86_invlpg(start);
}

static uint64_t encode(paddr_t pa, size_t size, unsigned int prot)
{
	uint64_t entry = pa | PTE_ACCESSED;

	entry |=
		prot & (UKARCH_PT_READ | UKARCH_PT_WRITE | UKARCH_PT_EXEC) ? PTE_PRESENT : PTE_NONE;
	if (prot & UKARCH_PT_WRITE)
		entry |= PTE_WRITE | PTE_DIRTY;
	if (!(prot & UKARCH_PT_EXEC))
		entry |= PTE_NX;
	if (prot & UKARCH_PT_SHARED)
		entry |= PTE_SHARED;
	if (prot & UKARCH_PT_DEVICE)
		entry |= PTE_PCD | PTE_PWT;
	if ((prot & UKARCH_PT_USER) && IS_ENABLED(CONFIG_APP_USERMODE))
		entry |= PTE_USER;
	return size == UKARCH_LARGE_SIZE ? entry | PTE_LARGE : entry;
}

static struct ukarch_pte decode(uint64_t entry, unsigned int level)
{
	struct ukarch_pte pte = {
		.paddr = entry & PTE_ADDR & ~((1UL << table_shift(level)) - 1),
		.size_bytes = 1UL << table_shift(level),
		.is_accessed = entry & PTE_ACCESSED,
		.is_dirty = entry & PTE_DIRTY,
	};

	if (entry & PTE_PRESENT)
		pte.prot |= UKARCH_PT_READ;
	if (entry & PTE_WRITE)
		pte.prot |= UKARCH_PT_WRITE;
	if (!(entry & PTE_NX))
		pte.prot |= UKARCH_PT_EXEC;
	if (entry & PTE_SHARED)
		pte.prot |= UKARCH_PT_SHARED;
	return pte;
}

/* The slot of `va` at `level`; with `create` missing tables appear. NULL: not there / no memory. */
static uint64_t *find_slot(const struct ukarch_pagetable *pt, vaddr_t va, unsigned int level,
			   bool create)
{
	uint64_t *table = ukarch_phys_to_virt(pt->root);

	for (unsigned int l = LEVELS - 1; l > level; l--) {
		uint64_t *slot = &table[table_index(va, l)];

		if (!*slot) {
			void *fresh = create ? upcall_pt_alloc() : NULL;

			if (!fresh)
				return NULL;
			*slot = ukarch_virt_to_phys(fresh) | PTE_PRESENT | PTE_WRITE |
				(IS_ENABLED(CONFIG_APP_USERMODE) ? PTE_USER : 0);
		} else if (is_leaf(*slot, l)) {
			return NULL;
		}
		table = table_of(*slot);
	}
	return &table[table_index(va, level)];
}

/* The leaf over `va` and its level; NULL when there is none. */
static uint64_t *find_leaf(const struct ukarch_pagetable *pt, vaddr_t va, unsigned int *level)
{
	uint64_t *table = ukarch_phys_to_virt(pt->root);

	for (unsigned int l = LEVELS - 1;; l--) {
		uint64_t *slot = &table[table_index(va, l)];

		if (!*slot)
			return NULL;
		if (is_leaf(*slot, l)) {
			*level = l;
			return slot;
		}
		table = table_of(*slot);
	}
}

int ukarch_pt_create(struct ukarch_pagetable *pt)
{
	uint64_t *root = upcall_pt_alloc();

	if (!root)
		return -ENOMEM;
	memcpy(root + KERNEL_HALF, x86_kernel_pml4 + KERNEL_HALF, 4096 / 2);
	pt->root = ukarch_virt_to_phys(root);
	return 0;
}

static void free_tables(uint64_t *table, unsigned int level, unsigned int entries)
{
	for (unsigned int i = 0; i < entries; i++)
		if (table[i] && !is_leaf(table[i], level)) {
			if (level > 1)
				free_tables(table_of(table[i]), level - 1, ENTRIES);
			upcall_pt_free(table_of(table[i]));
		}
}

void ukarch_pt_destroy(struct ukarch_pagetable *pt)
{
	uint64_t *root = ukarch_phys_to_virt(pt->root);

	UK_ASSERT(X86_READ_CR(3) != pt->root);
	free_tables(root, LEVELS - 1, KERNEL_HALF);
	upcall_pt_free(root);
}

void ukarch_pt_activate(const struct ukarch_pagetable *pt)
{
	X86_WRITE_CR(3, pt->root);
}

void ukarch_pt_activate_kernel(void)
{
	X86_WRITE_CR(3, kernel_pt.root);
}

/* Returns what was in the slot. */
static uint64_t place_leaf(uint64_t *slot, unsigned int level, uint64_t entry)
{
	uint64_t old = *slot;

	*slot = entry;
	if (old && !is_leaf(old, level)) {
		/* An emptied table under a large page: nothing in it by contract. */
		upcall_pt_free(table_of(old));
		X86_WRITE_CR(3, X86_READ_CR(3));
		return 0;
	}
	return old;
}

int ukarch_pt_map(struct ukarch_pagetable *pt, vaddr_t va, paddr_t pa, size_t size_bytes,
		  unsigned int prot)
{
	unsigned int level = size_bytes == UKARCH_LARGE_SIZE ? 1 : 0;
	uint64_t *slot = find_slot(pt, va, level, true);
	uint64_t old;

	if (!slot)
		return -ENOMEM;
	old = place_leaf(slot, level, encode(pa, size_bytes, prot));
	if (old & PTE_PRESENT)
		x86_invlpg(va);
	return 0;
}

size_t ukarch_pt_fill(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned int prot,
		      paddr_t (*frame)(void *ctx, vaddr_t va), void *ctx)
{
	uint64_t *slot = find_slot(pt, start, 0, true);
	uint64_t entry = encode(0, UK_PAGE_SIZE, prot);
	size_t count = 0;

	for (; slot && start < end; start += UK_PAGE_SIZE, slot++) {
		paddr_t pa;

		if (*slot)
			continue;
		pa = frame(ctx, start);
		if (pa == UK_PADDR_NONE)
			break;
		*slot = entry | pa;
		count++;
	}
	return count;
}

bool ukarch_pt_lookup(const struct ukarch_pagetable *pt, vaddr_t va, struct ukarch_pte *pte)
{
	unsigned int level;
	uint64_t *slot = find_leaf(pt, va, &level);

	if (!slot)
		return false;
	*pte = decode(*slot, level);
	return true;
}

/*
 * The one loop over leaves: calls `act` for each in [start, end). `act` may change the slot.
 * Subtrees that are not there are skipped in one step.
 */
struct range {
	vaddr_t start, end;
	void (*act)(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level);
	ukarch_pt_visit visit;
	void *ctx;
	uint64_t set, clear; /* protect */
	bool is_changed;
	bool free_empty;             /* unmap: give back tables that lie wholly in the range */
	struct ukarch_pagetable *pt; /* move */
	vaddr_t shift;
	bool has_failed;
};

/* Most slots of a big range (a stack's, say) are empty, whole cache lines of them. */
static inline uint64_t *next_used(uint64_t *slot, const uint64_t *last)
{
	while (slot <= last && !*slot) {
		bool is_empty_line =
			UK_IS_ALIGNED((uintptr_t)slot, SLOTS_PER_LINE * 8) &&
			!(slot[1] | slot[2] | slot[3] | slot[4] | slot[5] | slot[6] | slot[7]);

		slot += is_empty_line ? SLOTS_PER_LINE : 1;
	}
	return slot;
}

static void for_each_leaf(struct range *range, uint64_t *table, unsigned int level, vaddr_t start,
			  vaddr_t end)
{
	size_t step = 1UL << table_shift(level);
	vaddr_t slot_0 = UK_ALIGN_DOWN(start, step * ENTRIES);
	uint64_t *slot = &table[table_index(start, level)];
	const uint64_t *last = &table[table_index(end - 1, level)];

	for (; (slot = next_used(slot, last)) <= last; slot++) {
		vaddr_t slot_start = slot_0 + (vaddr_t)(slot - table) * step;

		if (is_leaf(*slot, level)) {
			range->act(range, slot, slot_start, level);
		} else {
			uint64_t *below = table_of(*slot);
			vaddr_t from = UK_MAX(slot_start, start);
			vaddr_t to = UK_MIN(slot_start + step, end);

			for_each_leaf(range, below, level - 1, from, to);
			if (range->free_empty && to - from == step) {
				*slot = 0;
				upcall_pt_free(below);
				range->is_changed = true; /* the CPU caches tables as well */
			}
		}
	}
}

/* As long as one slot covers the whole range there is no loop to run: straight down. */
static void run(struct range *range, const struct ukarch_pagetable *pt)
{
	uint64_t *table = ukarch_phys_to_virt(pt->root);
	vaddr_t differing = range->start ^ (range->end - 1);
	unsigned int level = LEVELS - 1;

	if (range->start >= range->end)
		return;
	for (; !(differing >> table_shift(level)); level--) {
		uint64_t *slot = &table[table_index(range->start, level)];

		if (!*slot)
			return;
		if (is_leaf(*slot, level)) {
			range->act(range, slot,
				   UK_ALIGN_DOWN(range->start, 1UL << table_shift(level)), level);
			return;
		}
		table = table_of(*slot);
	}
	for_each_leaf(range, table, level, range->start, range->end);
}

static void act_unmap(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level)
{
	struct ukarch_pte pte = decode(*slot, level);

	range->is_changed |= *slot & PTE_PRESENT;
	*slot = 0;
	range->visit(range->ctx, va, &pte);
}

void ukarch_pt_unmap(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, ukarch_pt_visit visit,
		     void *ctx)
{
	struct range range = {.start = start,
			      .end = end,
			      .act = act_unmap,
			      .visit = visit,
			      .ctx = ctx,
			      .free_empty = true};

	run(&range, pt);
	if (range.is_changed)
		flush_range(start, end);
}

static void act_protect(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level)
{
	uint64_t entry = (*slot & ~range->clear) | range->set;

	(void)level;
	(void)va;
	if (entry & PTE_SHARED)
		entry &= ~(PTE_WRITE | PTE_DIRTY);
	range->is_changed |= *slot & PTE_PRESENT;
	*slot = entry;
}

void ukarch_pt_protect(struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end, unsigned int prot)
{
	uint64_t want = encode(0, UK_PAGE_SIZE, prot) & ~PTE_ACCESSED;
	struct range range = {
		.start = start,
		.end = end,
		.act = act_protect,
		.set = want,
		.clear = PTE_PRESENT | PTE_NONE | PTE_WRITE | PTE_NX,
	};

	run(&range, pt);
	if (range.is_changed)
		flush_range(start, end);
}

static void act_visit(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level)
{
	struct ukarch_pte pte = decode(*slot, level);

	range->visit(range->ctx, va, &pte);
}

void ukarch_pt_walk(const struct ukarch_pagetable *pt, vaddr_t start, vaddr_t end,
		    ukarch_pt_visit visit, void *ctx)
{
	struct range range = {
		.start = start, .end = end, .act = act_visit, .visit = visit, .ctx = ctx};

	run(&range, pt);
}

int ukarch_pt_split(struct ukarch_pagetable *pt, vaddr_t va)
{
	unsigned int level;
	uint64_t *slot = find_leaf(pt, va, &level), *table;
	uint64_t entry;

	if (!slot || level == 0)
		return 0;
	table = upcall_pt_alloc();
	if (!table)
		return -ENOMEM;
	entry = *slot & ~PTE_LARGE;
	for (unsigned int i = 0; i < ENTRIES; i++)
		table[i] = entry + i * UK_PAGE_SIZE;
	*slot = ukarch_virt_to_phys(table) | PTE_PRESENT | PTE_WRITE |
		(IS_ENABLED(CONFIG_APP_USERMODE) ? PTE_USER : 0);
	X86_WRITE_CR(3, X86_READ_CR(3));
	return 0;
}

static void act_prepare_move(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level)
{
	if (!range->has_failed)
		range->has_failed = !find_slot(range->pt, va + range->shift, level, true);
}

static void act_move(struct range *range, uint64_t *slot, vaddr_t va, unsigned int level)
{
	uint64_t *target = find_slot(range->pt, va + range->shift, level, false);

	place_leaf(target, level, *slot);
	*slot = 0;
}

int ukarch_pt_move(struct ukarch_pagetable *pt, vaddr_t from, vaddr_t to, size_t len_bytes)
{
	struct range range = {.start = from,
			      .end = from + len_bytes,
			      .act = act_prepare_move,
			      .pt = pt,
			      .shift = to - from};

	/* All tables of the target exist before the first leaf moves. */
	run(&range, pt);
	if (range.has_failed)
		return -ENOMEM;
	range.act = act_move;
	run(&range, pt);
	flush_range(from, from + len_bytes);
	return 0;
}

static size_t count_tables(const uint64_t *table, unsigned int level, unsigned int entries)
{
	size_t count = 1;

	for (unsigned int i = 0; level > 0 && i < entries; i++)
		if (table[i] && !is_leaf(table[i], level))
			count += count_tables(table_of(table[i]), level - 1, ENTRIES);
	return count;
}

size_t ukarch_pt_table_bytes(const struct ukarch_pagetable *pt)
{
	return count_tables(ukarch_phys_to_virt(pt->root), LEVELS - 1, KERNEL_HALF) * 4096;
}

int ukarch_kernel_map(vaddr_t va, paddr_t pa, size_t size_bytes, unsigned int prot)
{
	for (size_t off = 0; off < size_bytes; off += UK_PAGE_SIZE)
		if (ukarch_pt_map(&kernel_pt, va + off, pa + off, UK_PAGE_SIZE, prot))
			return -ENOMEM;
	return 0;
}

void ukarch_kernel_unmap(vaddr_t va, size_t size_bytes)
{
	for (size_t off = 0; off < size_bytes; off += UK_PAGE_SIZE) {
		uint64_t *slot = find_slot(&kernel_pt, va + off, 0, false);

		if (slot)
			*slot = 0;
		x86_invlpg(va + off);
	}
}

bool ukarch_kernel_is_mapped(vaddr_t va)
{
	unsigned int level;

	return find_leaf(&kernel_pt, va, &level) != NULL;
}

int ukarch_directmap_ensure(paddr_t pa, size_t len_bytes)
{
	paddr_t end;

	if (uk_add_overflow(pa, len_bytes, &end) || end > (1UL << 39))
		return -ENOMEM; /* one PML4 entry: 512 GiB */
	for (pa = UK_ALIGN_DOWN(pa, UKARCH_LARGE_SIZE); pa < end; pa += UKARCH_LARGE_SIZE) {
		vaddr_t va = UKARCH_DIRECTMAP_BASE + pa;
		uint64_t *slot = find_slot(&kernel_pt, va, 1, true);

		if (!slot)
			return -ENOMEM;
		if (!*slot)
			*slot = encode(pa, UKARCH_LARGE_SIZE, UKARCH_PT_READ | UKARCH_PT_WRITE);
	}
	return 0;
}

/* [from, to) of the image: writable or not, executable or not. */
static void protect_image(const char *from, const char *to, uint64_t clear, uint64_t set)
{
	for (; from < to; from += UK_PAGE_SIZE) {
		uint64_t *pte = &x86_image_pt[(from - image_start) >> UK_PAGE_SHIFT];

		*pte = (*pte & ~clear) | set;
	}
}

/* The lowest page of a stack goes. */
static void guard(const void *stack)
{
	x86_image_pt[((const char *)stack - image_start) >> UK_PAGE_SHIFT] = 0;
}

void x86_paging_init(paddr_t image_base)
{
	kernel_pt.root = image_base + (paddr_t)((char *)x86_kernel_pml4 - image_start);
	x86_kernel_pml4[table_index(UKARCH_PAGEMAP_BASE, 3)] =
		(image_base + (paddr_t)((char *)kernel_pdpt - image_start)) | PTE_PRESENT |
		PTE_WRITE;
	protect_image(image_start, rodata_start, PTE_WRITE, 0);
	protect_image(rodata_start, data_start, PTE_WRITE, PTE_NX);
	protect_image(data_start, image_end, 0, PTE_NX);
	guard(boot_stack);
	guard(&x86_ist_ordinary);
	guard(&x86_ist_fatal);
	/* The identity map goes; NX makes the direct map's boot entries data. */
	x86_kernel_pml4[0] = 0;
	x86_direct_pdpt[image_base >> 30] |= PTE_NX;
	X86_WRITE_CR(3, kernel_pt.root);
}
