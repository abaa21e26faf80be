/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the legacy vsyscall page (page.S) at its fixed address in the kernel half, readable and
 * executable, and opens the ways in that do not trap.
 */
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#include <uk/clock.h>
#include <uk/plat/bootinfo.h>
#include "sites.h"

extern const char vsyscall_page[];

int upcall_vsyscall_init(void)
{
	int error =
		ukarch_kernel_map(UKARCH_VSYSCALL_ADDR, ukplat_image_to_phys(vsyscall_page),
				  UK_PAGE_SIZE, UKARCH_PT_READ | UKARCH_PT_EXEC | UKARCH_PT_USER);

	clock_vdso_set_syscall_entry(x86_vsyscall_entry);
	return error ? error : sites_init();
}
