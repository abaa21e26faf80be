/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial console: a 16550 UART at the PC's first port (National PC16550D data sheet; ISA
 * line 4). Without one, output goes nowhere. Output is polled; input is polled or, once somebody
 * asked for it, announced by the receive interrupt. No locks: see <uk/plat/console.h>.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include <uk/plat/console.h>
#include <uk/plat/irq.h>
#include "pc.h"

#define UART_BASE 0x3f8
#define UART_IRQ  4

#define UART_DATA    (UART_BASE + 0) /* divisor low with LCR_DLAB */
#define UART_IER     (UART_BASE + 1) /* divisor high with LCR_DLAB */
#define UART_FCR     (UART_BASE + 2)
#define UART_LCR     (UART_BASE + 3)
#define UART_MCR     (UART_BASE + 4)
#define UART_LSR     (UART_BASE + 5)
#define UART_SCRATCH (UART_BASE + 7)

#define IER_RECEIVE    0x01
#define FCR_ENABLE     0x01
#define FCR_CLEAR_BOTH 0x06
#define FCR_TRIGGER_14 0xc0
#define LCR_8N1        0x03
#define LCR_DLAB       0x80
#define MCR_DTR_RTS    0x03
#define MCR_OUT2       0x08 /* gates the interrupt line on a PC */
#define MCR_LOOPBACK   0x10 /* nothing comes in from outside */
#define LSR_DATA_READY 0x01
#define LSR_THR_EMPTY  0x20
#define LSR_IDLE       0x40

#define FIFO_BYTES  16
#define FLUSH_POLLS 1000000 /* a host that does not drain us must not keep the machine alive */

static bool is_present;
static void (*on_receive)(void);
/* What came before the kernel did. */
static char early[FIFO_BYTES + 1];
static unsigned int early_count, early_taken;

static bool is_received(void)
{
	return inb(UART_LSR) & LSR_DATA_READY;
}

/* Turning the FIFO on empties the receiver, so what is there is taken out first. QEMU looks for
 * more input only when a byte is read, but not in loopback; an empty FIFO reads as 0. */
static void turn_fifo_on(void)
{
	bool is_byte;

	outb(UART_MCR, MCR_LOOPBACK);
	while (early_count < FIFO_BYTES && is_received())
		early[early_count++] = (char)inb(UART_DATA);
	outb(UART_FCR, FCR_ENABLE | FCR_CLEAR_BOTH | FCR_TRIGGER_14);
	outb(UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	if (!early_count)
		return;
	is_byte = is_received();
	early[early_count] = (char)inb(UART_DATA);
	early_count += is_byte || early[early_count];
}

void ukplat_console_init(void)
{
	/* A port without a device reads back all ones. */
	outb(UART_SCRATCH, 0x5a);
	if (inb(UART_SCRATCH) != 0x5a || inb(UART_LSR) == 0xff)
		return;
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DLAB);
	outb(UART_DATA, 1); /* 115200 baud */
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_8N1);
	turn_fifo_on();
	is_present = true;
}

void ukplat_console_write(const char *bytes, size_t len)
{
	if (!is_present)
		return;
	while (len) {
		size_t burst = UK_MIN(len, (size_t)FIFO_BYTES);

		/* An empty holding register means that the whole FIFO is free. */
		while (!(inb(UART_LSR) & LSR_THR_EMPTY))
			ukarch_cpu_relax();
		outsb(UART_DATA, bytes, burst);
		bytes += burst;
		len -= burst;
	}
}

size_t ukplat_console_read(char *buf, size_t size)
{
	size_t got = 0;

	if (!is_present)
		return 0;
	while (got < size && early_taken < early_count)
		buf[got++] = early[early_taken++];
	while (got < size && is_received())
		buf[got++] = (char)inb(UART_DATA);
	return got;
}

static void uart_interrupt(void *arg)
{
	on_receive();
}

int ukplat_console_on_receive(void (*received)(void))
{
	int error;

	if (!is_present)
		return 0; /* nothing will ever be received */
	on_receive = received;
	error = ukplat_irq_register(UART_IRQ, uart_interrupt, NULL);
	if (!error)
		outb(UART_IER, IER_RECEIVE);
	return error;
}

void ukplat_console_mask_receive(void)
{
	outb(UART_IER, 0);
}

void ukplat_console_unmask_receive(void)
{
	outb(UART_IER, IER_RECEIVE);
}

void pc_uart_flush(void)
{
	for (unsigned int i = 0; is_present && i < FLUSH_POLLS; i++)
		if (inb(UART_LSR) & LSR_IDLE)
			return;
}
