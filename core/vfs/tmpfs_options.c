/* SPDX-License-Identifier: BSD-3-Clause */
/* Mount options of tmpfs (tmpfs(5)): size= nr_blocks= nr_inodes= mode= uid= gid=. Pure. */
#include <linux/errno.h>
#include <uk/string.h>
#include "ramfs.h"

struct option {
	const char *value;
	size_t len;
};

/* Digits up to the first other character, which *rest becomes. */
static int parse_number(const struct option *option, unsigned int base, uint64_t *value,
			size_t *rest)
{
	size_t i = 0;

	*value = 0;
	for (; i < option->len; i++) {
		unsigned int digit = (unsigned int)option->value[i] - '0';

		if (digit >= base)
			break;
		if (uk_mul_overflow(*value, base, value) || uk_add_overflow(*value, digit, value))
			return -EINVAL;
	}
	*rest = i;
	return i ? 0 : -EINVAL;
}

static int parse_plain(const struct option *option, unsigned int base, uint64_t max,
		       uint32_t *value)
{
	uint64_t number;
	size_t rest;
	int ret = parse_number(option, base, &number, &rest);

	if (ret || rest != option->len || number > max)
		return -EINVAL;
	*value = (uint32_t)number;
	return 0;
}

static unsigned int unit_shift(char unit)
{
	switch (unit | 0x20) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	case 't':
		return 40;
	default:
		return 0;
	}
}

static int parse_size(const struct option *option, uint64_t percent_of, uint64_t *value)
{
	unsigned int shift;
	size_t rest;
	int ret = parse_number(option, 10, value, &rest);

	if (ret || rest == option->len)
		return ret;
	if (rest + 1 != option->len)
		return -EINVAL;
	if (option->value[rest] == '%') {
		if (!percent_of || *value > 100)
			return -EINVAL;
		*value = percent_of / 100 * *value;
		return 0;
	}
	shift = unit_shift(option->value[rest]);
	return !shift || uk_mul_overflow(*value, 1UL << shift, value) ? -EINVAL : 0;
}

static bool name_is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

static int parse_option(const char *text, size_t len, uint64_t ram_bytes,
			struct tmpfs_options *options)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	struct option option;
	int ret;

	if (!equals) /* what mount(8) passes along without meaning for us */
		return name_is("rw", text, len) || name_is("relatime", text, len) ? 0 : -EINVAL;
	option = (struct option){equals + 1, len - name_len - 1};
	if (name_is("size", text, name_len))
		return parse_size(&option, ram_bytes, &options->size_bytes);
	if (name_is("nr_blocks", text, name_len)) {
		ret = parse_size(&option, 0, &options->size_bytes);
		if (uk_mul_overflow(options->size_bytes, UK_PAGE_SIZE, &options->size_bytes))
			return -EINVAL;
		return ret;
	}
	if (name_is("nr_inodes", text, name_len))
		return parse_size(&option, 0, &options->inode_count);
	if (name_is("mode", text, name_len))
		return parse_plain(&option, 8, 07777, &options->mode);
	if (name_is("uid", text, name_len))
		return parse_plain(&option, 10, UINT32_MAX, &options->uid);
	if (name_is("gid", text, name_len))
		return parse_plain(&option, 10, UINT32_MAX, &options->gid);
	return -EINVAL;
}

int tmpfs_parse_options(const char *text, uint64_t ram_bytes, struct tmpfs_options *options)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		int ret = len ? parse_option(text, len, ram_bytes, options) : 0;

		if (ret)
			return ret;
		text += len;
		if (*text)
			text++;
	}
	return 0;
}
