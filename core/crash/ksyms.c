/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookup in the kernel's symbol table (layout: support/scripts/gen-ksyms). Pure. Reads nothing
 * beyond the table, whatever it holds: this runs while the kernel is dying.
 */
#include <uk/ksyms.h>
#include <uk/string.h>

#define GROUP      16 /* functions; the names of a group are unpacked from its first one on */
#define FIRST_PAIR 128
#define MAX_DEPTH  16 /* of pairs in pairs */

struct header {
	uint32_t count, text_bytes;
	uint8_t pairs[256 - FIRST_PAIR][2];
};

struct group {
	uint32_t offset, names; /* of its first function, from the image's start; of its names */
};

struct table {
	const struct header *header;
	const struct group *groups;
	const uint16_t *distances; /* from the start of the function's group */
	const uint8_t *names, *end;
};

static bool open_table(const void *bytes, size_t len, struct table *table)
{
	const struct header *header = bytes;
	uint64_t groups;

	if (len < sizeof(*header) || !header->count)
		return false;
	groups = UK_DIV_ROUND_UP((uint64_t)header->count, GROUP);
	if (groups * sizeof(struct group) + header->count * sizeof(uint16_t) >
	    len - sizeof(*header))
		return false;
	table->header = header;
	table->groups = (const struct group *)(header + 1);
	table->distances = (const uint16_t *)(table->groups + groups);
	table->names = (const uint8_t *)(table->distances + header->count);
	table->end = (const uint8_t *)bytes + len;
	return true;
}

static uint32_t offset_of(const struct table *table, uint32_t index)
{
	return table->groups[index / GROUP].offset + table->distances[index];
}

/* The last function that starts at or before `offset`; the first one does. */
static uint32_t find_index(const struct table *table, uint32_t offset)
{
	uint32_t low = 0, high = table->header->count;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (offset_of(table, mid) <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Appends what a code stands for: a character, or two more codes. */
static bool expand(const struct table *table, uint8_t code, unsigned int depth, char *name,
		   size_t *len)
{
	const uint8_t *pair;

	if (code < FIRST_PAIR) {
		if (*len == KSYMS_MAX_NAME - 1)
			return false;
		name[(*len)++] = (char)code;
		return true;
	}
	pair = table->header->pairs[code - FIRST_PAIR];
	return depth && expand(table, pair[0], depth - 1, name, len) &&
	       expand(table, pair[1], depth - 1, name, len);
}

static bool unpack_name(const struct table *table, uint32_t index, char *name)
{
	uint32_t first = index / GROUP * GROUP, start = table->groups[index / GROUP].names;
	const uint8_t *p = table->names + start;
	size_t len = 0;

	if (start > (size_t)(table->end - table->names))
		return false;
	for (uint32_t i = first; i <= index; i++) {
		if (p >= table->end || *p > len)
			return false;
		len = *p++; /* shared with the name before */
		for (; p < table->end && *p; p++)
			if (!expand(table, *p, MAX_DEPTH, name, &len))
				return false;
		p++;
	}
	name[len] = '\0';
	return p <= table->end;
}

bool ksyms_find(const void *table, size_t bytes, uint32_t offset, struct ksym *sym)
{
	struct table t;
	uint32_t index;

	if (!open_table(table, bytes, &t) || offset >= t.header->text_bytes ||
	    offset < offset_of(&t, 0))
		return false;
	index = find_index(&t, offset);
	sym->offset = offset_of(&t, index);
	return unpack_name(&t, index, sym->name);
}
