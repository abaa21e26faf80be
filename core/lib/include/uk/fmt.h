/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatted text into a bounded buffer, and numbers out of text. Pure.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %% with flags `-0#+ `, width, precision, `*` and the
 * lengths hh h l ll z t j. No floating point: the kernel does not touch vector registers.
 */
#ifndef UK_FMT_H
#define UK_FMT_H

#include <stdarg.h>
#include <uk/essentials.h>

/** As C99 snprintf(3): returns the length the whole text has; always terminates when size > 0. */
int uk_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __uk_printf(3, 0);
int uk_snprintf(char *buf, size_t size, const char *fmt, ...) __uk_printf(3, 4);
/** As snprintf, but returns what was really stored (without the NUL): for appending in steps. */
int uk_scnprintf(char *buf, size_t size, const char *fmt, ...) __uk_printf(3, 4);

/** Takes `len` bytes of formatted text; pieces come in order, a literal stretch as one piece. */
typedef void (*uk_format_emit)(void *ctx, const char *text, size_t len);
/** Formats without any limit on the length; returns it. */
size_t uk_vformat(uk_format_emit emit, void *ctx, const char *fmt, va_list ap) __uk_printf(3, 0);

/**
 * The whole of `text` as an unsigned number; base 0 means 0x hex, 0 octal, else decimal.
 * Returns 0, -EINVAL (empty, sign, trailing characters) or -ERANGE.
 */
int uk_parse_u64(const char *text, int base, uint64_t *value);

#endif /* UK_FMT_H */
