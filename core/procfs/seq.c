/* SPDX-License-Identifier: BSD-3-Clause */
/* A text buffer that grows by doubling; see <uk/procfs.h>. Its user serialises access. */
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/procfs.h>
#include <uk/string.h>

#define FIRST_BYTES 256

char *seq_reserve(struct seq *seq, size_t len)
{
	size_t wanted = seq->len + len, size = seq->size ? seq->size : FIRST_BYTES;
	char *buf;

	if (seq->is_out_of_memory)
		return NULL;
	if (wanted <= seq->size)
		return seq->buf + seq->len;
	while (size < wanted)
		size *= 2;
	buf = uk_realloc(seq->buf, size);
	if (!buf) {
		seq->is_out_of_memory = true;
		return NULL;
	}
	seq->buf = buf;
	seq->size = size;
	return buf + seq->len;
}

void seq_write(struct seq *seq, const void *data, size_t len)
{
	char *room = seq_reserve(seq, len);

	if (!room)
		return;
	memcpy(room, data, len);
	seq->len += len;
}

void seq_puts(struct seq *seq, const char *text)
{
	seq_write(seq, text, strlen(text));
}

static void emit(void *ctx, const char *text, size_t len)
{
	seq_write(ctx, text, len);
}

void seq_printf(struct seq *seq, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	uk_vformat(emit, seq, fmt, ap);
	va_end(ap);
}

void seq_puts_escaped(struct seq *seq, const char *text, const char *special)
{
	for (;;) {
		size_t plain = strcspn(text, special);

		seq_write(seq, text, plain);
		text += plain;
		if (!*text)
			return;
		seq_printf(seq, "\\%03o", (unsigned int)(unsigned char)*text++);
	}
}

void seq_put_ranges(struct seq *seq, uint64_t bits)
{
	const char *comma = "";

	for (unsigned int first = 0; first < 64; first++) {
		unsigned int last = first;

		if (!(bits >> first & 1))
			continue;
		while (last < 63 && bits >> (last + 1) & 1)
			last++;
		seq_printf(seq, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ",";
		first = last;
	}
}
