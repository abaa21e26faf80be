/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU's part of boot: called once by plat/kvm/x86_64/boot_common.S, in the high half, on the
 * boot stack, relocated, interrupts off.
 */
#include <uk/arch/x86.h>

void x86_start(paddr_t image_base)
{
	x86_paging_init(image_base);
	x86_descriptors_init();
	x86_fpu_init();
}
