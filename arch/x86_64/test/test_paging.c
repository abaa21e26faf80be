/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables in host memory: leaves come out as they went in, tables appear and go, and whatever
 * the CPU may have remembered is flushed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/assert.h>

#define PAGE   UK_PAGE_SIZE
#define LARGE  UKARCH_LARGE_SIZE
#define BASE   0x7f0000000000UL
#define RW     (UKARCH_PT_READ | UKARCH_PT_WRITE)
#define TABLES 4096UL

/* --- the machine ------------------------------------------------------------------------------ */

uint64_t machine_cr3;
unsigned int machine_flushes;
/* The linker script's and the boot code's. */
uint64_t x86_kernel_pml4[512], x86_image_pt[512], x86_direct_pdpt[512];
char image_start[1], rodata_start[1], data_start[1], image_end[1], boot_stack[1],
	x86_ist_ordinary[1], x86_ist_fatal[1];

static bool is_used[TABLES];
static size_t tables_used, tables_max;

void uk_assert_failed(const char *expr, const char *file, int line)
{
	print_error("assertion %s failed at %s:%d\n", expr, file, line);
	abort();
}

void *upcall_pt_alloc(void)
{
	for (size_t i = 1; i < TABLES && tables_used < tables_max; i++)
		if (!is_used[i]) {
			is_used[i] = true;
			tables_used++;
			return memset(ukarch_phys_to_virt(i * PAGE), 0, PAGE);
		}
	return NULL;
}

void upcall_pt_free(void *table)
{
	size_t i = ukarch_virt_to_phys(table) / PAGE;

	assert_true(is_used[i]);
	is_used[i] = false;
	tables_used--;
	memset(table, 0xa5, PAGE);
}

/* --- fixture ---------------------------------------------------------------------------------- */

static struct ukarch_pagetable pt;
static size_t visited;
static vaddr_t visited_last;

static int setup(void **state)
{
	alarm(20); /* a walk over addresses instead of leaves does not end */
	tables_max = TABLES;
	visited = 0;
	return ukarch_pt_create(&pt);
}

static void visit(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	assert_true(visited == 0 || va > visited_last);
	visited++;
	visited_last = va;
}

static void unmap(vaddr_t start, vaddr_t end)
{
	visited = 0;
	ukarch_pt_unmap(&pt, start, end, visit, NULL);
}

static int teardown(void **state)
{
	unmap(0, UKARCH_USER_END);
	ukarch_pt_destroy(&pt);
	return tables_used != 0;
}

static void map(vaddr_t va, size_t size, unsigned int prot)
{
	assert_int_equal(ukarch_pt_map(&pt, va, (va & 0xffffffff) | LARGE << 12, size, prot), 0);
}

static unsigned int prot_at(vaddr_t va)
{
	struct ukarch_pte pte;

	assert_true(ukarch_pt_lookup(&pt, va, &pte));
	assert_int_equal(pte.paddr, (UK_ALIGN_DOWN(va, pte.size_bytes) & 0xffffffff) | LARGE << 12);
	return pte.prot;
}

static bool is_mapped(vaddr_t va)
{
	struct ukarch_pte pte;

	return ukarch_pt_lookup(&pt, va, &pte);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- cases ------------------------------------------------------------------------------------ */

static void test_leaves_come_out_as_they_went_in(void **state)
{
	map(BASE, PAGE, RW | UKARCH_PT_USER);
	map(BASE + PAGE, PAGE, UKARCH_PT_READ | UKARCH_PT_EXEC);
	map(BASE + 2 * PAGE, PAGE, UKARCH_PT_READ | UKARCH_PT_SHARED);
	map(BASE + 3 * PAGE, PAGE, 0);
	map(BASE + LARGE, LARGE, RW);
	assert_int_equal(prot_at(BASE + 17), RW);
	assert_int_equal(prot_at(BASE + PAGE), UKARCH_PT_READ | UKARCH_PT_EXEC);
	assert_int_equal(prot_at(BASE + 2 * PAGE), UKARCH_PT_READ | UKARCH_PT_SHARED);
	assert_int_equal(prot_at(BASE + 3 * PAGE), 0);
	assert_int_equal(prot_at(BASE + 2 * LARGE - 1), RW);
	assert_false(is_mapped(BASE + 4 * PAGE) || is_mapped(BASE + 2 * LARGE));
	ukarch_pt_walk(&pt, 0, UKARCH_USER_END, visit, NULL);
	assert_int_equal(visited, 5);
}

static paddr_t next_frame(void *ctx, vaddr_t va)
{
	size_t *left = ctx;

	return (*left)-- ? (va & 0xffffffff) | LARGE << 12 : UK_PADDR_NONE;
}

static void test_fill_makes_what_is_missing(void **state)
{
	size_t left = 3;

	map(BASE + PAGE, PAGE, RW);
	assert_int_equal(
		ukarch_pt_fill(&pt, BASE, BASE + 4 * PAGE, UKARCH_PT_READ, next_frame, &left), 3);
	assert_int_equal(left, 0);
	assert_int_equal(prot_at(BASE), UKARCH_PT_READ);
	assert_int_equal(prot_at(BASE + PAGE), RW);
	assert_int_equal(prot_at(BASE + 3 * PAGE), UKARCH_PT_READ);
	left = 2;
	assert_int_equal(ukarch_pt_fill(&pt, BASE, BASE + LARGE, UKARCH_PT_READ, next_frame, &left),
			 2);
	assert_true(is_mapped(BASE + 5 * PAGE) && !is_mapped(BASE + 6 * PAGE));
	tables_max = tables_used;
	left = 1;
	assert_int_equal(ukarch_pt_fill(&pt, 0, PAGE, UKARCH_PT_READ, next_frame, &left), 0);
}

static void test_protect_keeps_shared_read_only(void **state)
{
	map(BASE, PAGE, UKARCH_PT_READ);
	map(BASE + PAGE, PAGE, UKARCH_PT_READ | UKARCH_PT_SHARED);
	machine_flushes = 0;
	ukarch_pt_protect(&pt, BASE, BASE + 2 * PAGE, RW);
	assert_true(machine_flushes > 0);
	assert_int_equal(prot_at(BASE), RW);
	assert_int_equal(prot_at(BASE + PAGE), UKARCH_PT_READ | UKARCH_PT_SHARED);
	ukarch_pt_protect(&pt, BASE, BASE + 2 * PAGE, 0);
	assert_int_equal(prot_at(BASE), 0);
	assert_int_equal(prot_at(BASE + PAGE), UKARCH_PT_SHARED);
	ukarch_pt_protect(&pt, BASE, BASE + 2 * PAGE, RW);
	assert_int_equal(prot_at(BASE), RW);
}

static void test_split_keeps_frames_and_rights(void **state)
{
	map(BASE, LARGE, RW);
	assert_int_equal(ukarch_pt_split(&pt, BASE + 5 * PAGE), 0);
	ukarch_pt_walk(&pt, BASE, BASE + LARGE, visit, NULL);
	assert_int_equal(visited, 512);
	assert_int_equal(prot_at(BASE + 511 * PAGE), RW);
	tables_max = tables_used;
	map(BASE + LARGE, LARGE, RW);
	assert_int_equal(ukarch_pt_split(&pt, BASE + LARGE), -ENOMEM);
	assert_int_equal(prot_at(BASE + LARGE + 5 * PAGE), RW);
}

/* What a table above them said may be cached by the CPU, whether its leaves were there or not. */
static void test_a_freed_table_is_flushed(void **state)
{
	const unsigned int prots[] = {RW, 0};
	size_t before = tables_used;

	for (int i = 0; i < 2; i++) {
		map(BASE, PAGE, prots[i]);
		assert_int_equal(tables_used, before + 3);
		machine_flushes = 0;
		unmap(BASE, BASE + (1UL << 39));
		assert_in_range(tables_used, before, before + 1);
		assert_true(machine_flushes > 0);
		unmap(0, UKARCH_USER_END);
		assert_int_equal(tables_used, before);
	}
}

static void test_move_takes_leaves_not_addresses(void **state)
{
	const vaddr_t far = 40UL << 40, shift = 50UL << 40;

	map(PAGE, PAGE, RW);
	map(LARGE - PAGE, PAGE, 0);
	map(far, PAGE, UKARCH_PT_READ | UKARCH_PT_SHARED);
	assert_int_equal(ukarch_pt_move(&pt, 0, shift, far + PAGE), 0);
	visited = 0;
	ukarch_pt_walk(&pt, 0, UKARCH_USER_END, visit, NULL);
	assert_int_equal(visited, 3);
	assert_int_equal(prot_at(shift + PAGE), RW);
	assert_int_equal(prot_at(shift + LARGE - PAGE), 0);
	assert_int_equal(prot_at(shift + far), UKARCH_PT_READ | UKARCH_PT_SHARED);
}

static void test_large_leaves_move_whole(void **state)
{
	struct ukarch_pte pte;

	map(LARGE, LARGE, RW);
	map(2 * LARGE, PAGE, RW);
	map(BASE + LARGE, PAGE, RW); /* the target has a table there, empty again */
	unmap(BASE + LARGE, BASE + LARGE + PAGE);
	assert_int_equal(ukarch_pt_move(&pt, LARGE, BASE + LARGE, 2 * LARGE), 0);
	assert_true(ukarch_pt_lookup(&pt, BASE + LARGE, &pte));
	assert_int_equal(pte.size_bytes, LARGE);
	assert_int_equal(prot_at(BASE + LARGE + PAGE), RW);
	assert_int_equal(prot_at(BASE + 2 * LARGE), RW);
	assert_false(is_mapped(LARGE) || is_mapped(2 * LARGE));
}

static void test_move_without_memory_moves_nothing(void **state)
{
	size_t start;

	map(0, PAGE, RW);
	map(LARGE, PAGE, RW);
	start = tables_used;
	for (size_t more = 0; more < 4; more++) {
		tables_max = start + more; /* of the target's four */
		assert_int_equal(ukarch_pt_move(&pt, 0, BASE, 2 * LARGE), -ENOMEM);
		assert_int_equal(prot_at(0), RW);
		assert_int_equal(prot_at(LARGE), RW);
		assert_false(is_mapped(BASE) || is_mapped(BASE + LARGE));
	}
	tables_max = start + 4;
	assert_int_equal(ukarch_pt_move(&pt, 0, BASE, 2 * LARGE), 0);
	assert_int_equal(prot_at(BASE + LARGE), RW);
	assert_false(is_mapped(0) || is_mapped(LARGE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_leaves_come_out_as_they_went_in),
		CASE(test_fill_makes_what_is_missing),
		CASE(test_protect_keeps_shared_read_only),
		CASE(test_split_keeps_frames_and_rights),
		CASE(test_a_freed_table_is_flushed),
		CASE(test_move_takes_leaves_not_addresses),
		CASE(test_large_leaves_move_whole),
		CASE(test_move_without_memory_moves_nothing),
	};

	if (mmap((void *)UKARCH_DIRECTMAP_BASE, TABLES * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
