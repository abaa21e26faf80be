/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookup in the kernel's symbol table (layout: support/scripts/gen-ksyms). Pure. Reads nothing
 * beyond the table, whatever it holds: this runs while the kernel is dying.
 */
#include <uk/ksyms.h>
#include <uk/string.h>

#define ANCHOR_EVERY 16

struct header {
	uint32_t count, text_bytes;
};

struct table {
	struct header header;
	const uint32_t *offsets, *anchors;
	const char *names, *end;
};

static bool open_table(const void *bytes, size_t len, struct table *table)
{
	const struct header *header = bytes;
	uint64_t words;

	if (len < sizeof(*header))
		return false;
	table->header = *header;
	words = (uint64_t)header->count + UK_DIV_ROUND_UP((uint64_t)header->count, ANCHOR_EVERY);
	if (!header->count || words > (len - sizeof(*header)) / sizeof(uint32_t))
		return false;
	table->offsets = (const uint32_t *)(header + 1);
	table->anchors = table->offsets + header->count;
	table->names = (const char *)(table->offsets + words);
	table->end = (const char *)bytes + len;
	return true;
}

/* The last function that starts at or before `offset`; the first one does. */
static uint32_t find_index(const struct table *table, uint32_t offset)
{
	uint32_t low = 0, high = table->header.count;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (table->offsets[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool unpack_name(const struct table *table, uint32_t index, char *name)
{
	size_t space = (size_t)(table->end - table->names);
	uint32_t anchor = table->anchors[index / ANCHOR_EVERY];
	const char *p;

	if (anchor > space)
		return false;
	p = table->names + anchor;
	name[0] = '\0';
	for (uint32_t i = index / ANCHOR_EVERY * ANCHOR_EVERY; i <= index; i++) {
		size_t shared, len;

		if (p >= table->end)
			return false;
		shared = (unsigned char)*p++;
		len = strnlen(p, (size_t)(table->end - p));
		if (shared > strlen(name) || shared + len >= KSYMS_MAX_NAME ||
		    len == (size_t)(table->end - p))
			return false;
		memcpy(name + shared, p, len + 1);
		p += len + 1;
	}
	return true;
}

bool ksyms_find(const void *table, size_t bytes, uint32_t offset, struct ksym *sym)
{
	struct table t;
	uint32_t index;

	if (!open_table(table, bytes, &t) || offset >= t.header.text_bytes || offset < t.offsets[0])
		return false;
	index = find_index(&t, offset);
	sym->offset = t.offsets[index];
	return unpack_name(&t, index, sym->name);
}
