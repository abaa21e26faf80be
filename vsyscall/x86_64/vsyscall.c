/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The legacy vsyscall page: three functions at fixed addresses that programs older than the vDSO
 * call (Linux Documentation/x86/x86_64/mm.rst: ffffffffff600000). Each is the system call itself;
 * anything else in the page traps. Beside it, the ways in that do not trap are opened.
 *
 *   +0x000  gettimeofday     +0x400  time     +0x800  getcpu
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/clock.h>
#include <uk/page.h>
#include <uk/string.h>
#include "sites.h"

#define OP_INT3       0xcc
#define FUNCTION_STEP 0x400

/* mov $nr,%eax; syscall; ret */
static void put_function(uint8_t *at, uint32_t nr)
{
	static const uint8_t code[] = {0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0xc3};

	memcpy(at, code, sizeof(code));
	memcpy(at + 1, &nr, sizeof(nr));
}

static int map_page(void)
{
	static const uint16_t numbers[] = {__NR_gettimeofday, __NR_time, __NR_getcpu};
	struct page *page = page_alloc(0);
	uint8_t *code;

	if (!page)
		return -ENOMEM;
	code = page_address(page);
	memset(code, OP_INT3, UK_PAGE_SIZE);
	for (unsigned int i = 0; i < UK_ARRAY_SIZE(numbers); i++)
		put_function(code + (size_t)i * FUNCTION_STEP, numbers[i]);
	return ukarch_kernel_map(UKARCH_VSYSCALL_ADDR, page_to_phys(page), UK_PAGE_SIZE,
				 UKARCH_PT_READ | UKARCH_PT_EXEC | UKARCH_PT_USER);
}

int upcall_vsyscall_init(void)
{
	int error = map_page();

	clock_vdso_set_syscall_entry(x86_vsyscall_entry);
	return error ? error : sites_init();
}
