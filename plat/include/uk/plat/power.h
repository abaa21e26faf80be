/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the machine. */
#ifndef UK_PLAT_POWER_H
#define UK_PLAT_POWER_H

#include <uk/essentials.h>

/**
 * Ends the virtual machine with `status` (0-255): QEMU's exit device when there is one, else
 * power off, else reset. Never returns; any context.
 */
void __uk_noreturn ukplat_exit(int status);

/** Restarts the machine (reboot(2)). */
void __uk_noreturn ukplat_reset(void);

#endif /* UK_PLAT_POWER_H */
