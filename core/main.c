/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boot of the kernel proper, in the order it is written. Each step is named and, at
 * loglevel=4, timed; a step that fails ends the machine with its name and error.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/upcall.h>
#include <uk/clock.h>
#include <uk/devfs.h>
#include <uk/net.h>
#include <uk/page.h>
#include <uk/param.h>
#include <uk/plat/bootinfo.h>
#include <uk/plat/irq.h>
#include <uk/plat/power.h>
#include <uk/print.h>
#include <uk/procfs.h>
#include <uk/task.h>
#include <uk/tty.h>
#include <uk/vfs.h>
#include <uk/virtio.h>

#define EXIT_KERNEL 125 /* the kernel or its configuration failed, not the program */

static void step(const char *name, int error)
{
	static uint64_t last;
	uint64_t now = ukarch_counter();

	if (error) {
		uk_pr_crit("boot: %s failed (error %d)\n", name, -error);
		ukplat_exit(EXIT_KERNEL);
	}
	uk_pr_debug("boot: %s: %lu ticks\n", name, last ? now - last : 0);
	last = now;
}
#define STEP(call) step(#call, call)

static int first_task_init(void)
{
	return task_create_first() ? 0 : -ENOMEM;
}

void kmain(struct ukplat_bootinfo *bootinfo)
{
	clock_init();                        /* remembers when we started */
	STEP(page_init(bootinfo));           /* physical memory; the heap stands on it */
	STEP(param_init(bootinfo->cmdline)); /* kernel parameters */
	ukplat_irq_init();                   /* legacy controllers silenced */
	STEP(vfs_init());                    /* an empty root, filesystem types */
	STEP(devfs_init());                  /* memory devices */
	STEP(procfs_init());                 /* proc and sysfs */
	STEP(tty_init());                    /* console device */
	STEP(first_task_init());             /* current exists */
	STEP(upcall_mount_rootfs());         /* initrd, fstab, /dev, /proc */
	STEP(upcall_vsyscall_init());        /* legacy time page */
	STEP(virtio_probe());                /* devices: entropy, network */
	if (IS_ENABLED(CONFIG_LIBUKNET))
		STEP(net_init()); /* interfaces, their addresses */
	vfs_stamp_from_clock();   /* what is made from here on is the program's */
	ukarch_irq_enable();
	if (IS_ENABLED(CONFIG_LIBUKNET))
		net_wait_configured();
	upcall_init(); /* loader: the program */
}
