/* SPDX-License-Identifier: BSD-3-Clause */
/* `virtio_mmio.device=` as Linux takes it (its kernel-parameters.txt). Pure. */
#include <linux/errno.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include "virtio_mmio_param.h"

#define MIN_BYTES 0x100 /* the registers in front of the device's own */
#define MAX_BYTES (1U << 20)

/* The number in [*text, up to `end` or the end of the text]; *text moves behind `end`. */
static int take_number(const char **text, char end, uint64_t *value)
{
	const char *stop = strchr(*text, end);
	size_t len = stop ? (size_t)(stop - *text) : strlen(*text);
	char digits[24];

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	*text += len + (stop ? 1 : 0);
	return uk_parse_u64(digits, 0, value) ? -EINVAL : 0;
}

/* SIZE, with its unit. */
static int take_size(const char **text, uint64_t *value)
{
	static const char units[] = "kKmMgG";
	const char *at = strchr(*text, '@'), *unit;
	char digits[24];
	const char *p = digits;

	if (!at || at == *text || (size_t)(at - *text) >= sizeof(digits))
		return -EINVAL;
	strlcpy(digits, *text, (size_t)(at - *text) + 1);
	*text = at + 1;
	unit = strchr(units, digits[strlen(digits) - 1]);
	if (unit)
		digits[strlen(digits) - 1] = '\0';
	if (take_number(&p, '@', value))
		return -EINVAL;
	if (unit && uk_mul_overflow(*value, 1UL << (10 * ((unit - units) / 2 + 1)), value))
		return -EINVAL;
	return 0;
}

int virtio_mmio_parse(const char *text, struct acpi_mmio_device *where)
{
	uint64_t size, address, irq, id;

	if (take_size(&text, &size) || take_number(&text, ':', &address) ||
	    take_number(&text, ':', &irq) || (*text && take_number(&text, '\0', &id)))
		return -EINVAL;
	if (size < MIN_BYTES || size > MAX_BYTES || !address || address % 4 || irq > UINT16_MAX)
		return -EINVAL;
	*where = (struct acpi_mmio_device){
		.address = address, .len_bytes = (uint32_t)size, .gsi = (unsigned int)irq};
	return 0;
}
