/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The initial stack: measured, then written in ascending order through a small buffer, so that
 * neither the strings nor the vectors need a second copy in kernel memory. Pure.
 */
#include <linux/errno.h>
#include <uk/string.h>
#include "exec_stack.h"

#define BUFFER_BYTES 256

/* Ascending writer; `addr` is where the first buffered byte goes. */
struct writer {
	struct exec_stack_sink *sink;
	uint64_t addr;
	size_t used;
	int error;
	unsigned char bytes[BUFFER_BYTES];
};

static void writer_flush(struct writer *w)
{
	if (w->used && !w->error)
		w->error = w->sink->write(w->sink, w->addr, w->bytes, w->used);
	w->addr += w->used;
	w->used = 0;
}

static void writer_put(struct writer *w, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	while (len) {
		size_t part = UK_MIN(len, BUFFER_BYTES - w->used);

		memcpy(w->bytes + w->used, from, part);
		w->used += part;
		from += part;
		len -= part;
		if (w->used == BUFFER_BYTES)
			writer_flush(w);
	}
}

static void writer_put_word(struct writer *w, uint64_t word)
{
	writer_put(w, &word, sizeof(word));
}

/* Leaves the bytes up to `addr` as they are: a fresh stack is zero. */
static void writer_seek(struct writer *w, uint64_t addr)
{
	writer_flush(w);
	w->addr = addr;
}

/* Bytes of all strings with their NULs, or 0 with *error set. */
static uint64_t strings_bytes(const char *const *strings, unsigned int count, int *error)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < count; i++) {
		size_t len = strnlen(strings[i], EXEC_MAX_STRING_BYTES);

		if (len == EXEC_MAX_STRING_BYTES || total > EXEC_MAX_TOTAL_BYTES) {
			*error = -E2BIG;
			return 0;
		}
		total += len + 1;
	}
	return total;
}

static uint64_t total_limit(uint64_t stack_limit_bytes)
{
	uint64_t limit = UK_MIN(stack_limit_bytes / 4, EXEC_MAX_TOTAL_BYTES);

	return UK_MAX(limit, EXEC_MIN_TOTAL_BYTES);
}

int exec_stack_measure(const struct exec_stack_args *args, struct exec_stack_layout *layout)
{
	uint64_t pointers = ((uint64_t)args->argc + args->envc) * 8;
	int error = 0;
	uint64_t arg_bytes = strings_bytes(args->argv, args->argc, &error);
	uint64_t env_bytes = strings_bytes(args->envp, args->envc, &error);
	uint64_t execfn_bytes = strings_bytes(&args->execfn, 1, &error);
	uint64_t p = args->top - 8;

	if (error || pointers > EXEC_MAX_TOTAL_BYTES ||
	    arg_bytes + env_bytes + execfn_bytes + pointers > total_limit(args->stack_limit_bytes))
		return -E2BIG;
	p -= execfn_bytes;
	layout->execfn = p;
	layout->env_end = p;
	p -= env_bytes;
	layout->env_start = p;
	layout->arg_end = p;
	p -= arg_bytes;
	layout->arg_start = p;
	p = UK_ALIGN_DOWN(p - args->gap_bytes, 16);
	p -= strlen(args->platform) + 1;
	layout->platform = p;
	p -= sizeof(args->random);
	layout->random = p;
	/* argc, argv and NULL, envp and NULL, auxv: a whole number of words below p. */
	p = UK_ALIGN_DOWN(p, 16);
	p -= args->auxv_count * sizeof(struct exec_auxv) +
	     (3 + (uint64_t)args->argc + args->envc) * 8;
	layout->sp = UK_ALIGN_DOWN(p, 16);
	layout->auxv_start = layout->sp + (3 + (uint64_t)args->argc + args->envc) * 8;
	layout->auxv_end = layout->auxv_start + args->auxv_count * sizeof(struct exec_auxv);
	return 0;
}

/* Pointers to strings that lie one behind the other from `addr` on, then NULL. */
static void put_pointers(struct writer *w, const char *const *strings, unsigned int count,
			 uint64_t addr)
{
	for (unsigned int i = 0; i < count; i++) {
		writer_put_word(w, addr);
		addr += strlen(strings[i]) + 1;
	}
	writer_put_word(w, 0);
}

static void put_strings(struct writer *w, const char *const *strings, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		writer_put(w, strings[i], strlen(strings[i]) + 1);
}

int exec_stack_write(const struct exec_stack_args *args, const struct exec_stack_layout *layout,
		     struct exec_stack_sink *sink)
{
	struct writer w = {.sink = sink, .addr = layout->sp};

	writer_put_word(&w, args->argc);
	put_pointers(&w, args->argv, args->argc, layout->arg_start);
	put_pointers(&w, args->envp, args->envc, layout->env_start);
	writer_put(&w, args->auxv, args->auxv_count * sizeof(struct exec_auxv));
	writer_seek(&w, layout->random);
	writer_put(&w, args->random, sizeof(args->random));
	writer_put(&w, args->platform, strlen(args->platform) + 1);
	writer_seek(&w, layout->arg_start);
	put_strings(&w, args->argv, args->argc);
	put_strings(&w, args->envp, args->envc);
	put_strings(&w, &args->execfn, 1);
	writer_flush(&w);
	return w.error;
}
