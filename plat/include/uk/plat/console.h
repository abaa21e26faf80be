/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's serial console: raw bytes; the line discipline is core/tty's. */
#ifndef UK_PLAT_CONSOLE_H
#define UK_PLAT_CONSOLE_H

#include <uk/essentials.h>

/** Finds and programs the UART (115200 8n1). Safe to call once, early, interrupts off. */
void ukplat_console_init(void);

/** Writes all bytes, waiting for the device as long as it takes. Any context; the caller
 * (core/print) keeps others out. */
void ukplat_console_write(const char *bytes, size_t len);

/** Takes up to `size` received bytes without waiting; returns how many. */
size_t ukplat_console_read(char *buf, size_t size);

/** From now on `received` is called from the UART's interrupt when bytes are there. */
int ukplat_console_on_receive(void (*received)(void));

/**
 * Says nothing of received bytes until unmasked; they stay in the device, and when that is full
 * the other side has to wait. Interrupts off. What came meanwhile is announced at the unmasking.
 */
void ukplat_console_mask_receive(void);
void ukplat_console_unmask_receive(void);

#endif /* UK_PLAT_CONSOLE_H */
