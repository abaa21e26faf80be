/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What strace shows of the program's memory: strings (escaped, 32 bytes at most), vectors, arrays.
 * Everything is copied in small pieces through <uk/arch/uaccess.h>; an address that cannot be
 * read is shown as a number.
 */
#include <linux/uio.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include "strace.h"

#define SHOWN_BYTES   32
#define SHOWN_STRINGS 8
#define SHOWN_VECTORS 4

void strace_put_pointer(struct strace_line *line, unsigned long addr)
{
	if (addr)
		strace_put(line, "%#lx", addr);
	else
		strace_put(line, "NULL");
}

/* One byte as in a C string; octal is as short as the next character allows. */
static void put_escaped(struct strace_line *line, unsigned char c, unsigned char next)
{
	static const char letters[] = "\a\b\t\n\v\f\r\"\\";
	static const char escapes[] = "abtnvfr\"\\";
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter && c > '\b')
		strace_put(line, "\\%c", escapes[letter - letters]);
	else if (c >= ' ' && c < 0x7f)
		strace_put_char(line, (char)c);
	else
		strace_put(line, next >= '0' && next <= '7' ? "\\%03o" : "\\%o", c);
}

static void put_quoted(struct strace_line *line, const unsigned char *bytes, size_t len,
		       bool is_cut)
{
	strace_put_char(line, '"');
	for (size_t i = 0; i < len; i++)
		put_escaped(line, bytes[i], i + 1 < len ? bytes[i + 1] : 0);
	strace_put(line, is_cut ? "\"..." : "\"");
}

void strace_put_bytes(struct strace_line *line, unsigned long addr, size_t len)
{
	unsigned char bytes[SHOWN_BYTES];
	size_t shown = UK_MIN(len, sizeof(bytes));

	if (!addr || copy_from_user(bytes, (const void __user *)addr, shown))
		strace_put_pointer(line, addr);
	else
		put_quoted(line, bytes, shown, shown < len);
}

void strace_put_string(struct strace_line *line, unsigned long addr)
{
	char text[SHOWN_BYTES + 1];
	long len =
		addr ? strncpy_from_user(text, (const char __user *)addr, sizeof(text)) : -EFAULT;

	if (len == -ENAMETOOLONG) /* the bytes are there, the NUL is not */
		strace_put_bytes(line, addr, SHOWN_BYTES + 1);
	else if (len < 0)
		strace_put_pointer(line, addr);
	else
		put_quoted(line, (const unsigned char *)text, (size_t)len, false);
}

/* argv: the strings; envp: only how many there are. */
void strace_put_strings(struct strace_line *line, unsigned long addr, bool count_only)
{
	const unsigned long __user *pointers = (const unsigned long __user *)addr;
	unsigned long pointer = 0;
	unsigned int count = 0;

	if (!addr || get_user(pointer, pointers)) {
		strace_put_pointer(line, addr);
		return;
	}
	if (!count_only)
		strace_put_char(line, '[');
	for (; pointer && (count_only || count < SHOWN_STRINGS); count++) {
		if (!count_only) {
			strace_put(line, count ? ", " : "");
			strace_put_string(line, pointer);
		}
		if (get_user(pointer, pointers + count + 1))
			break;
	}
	if (count_only)
		strace_put(line, "%#lx /* %u vars */", addr, count);
	else
		strace_put(line, pointer ? ", ...]" : "]");
}

/* `len` bytes of the buffers hold data: all of them before a write, the result after a read. */
void strace_put_iovec(struct strace_line *line, unsigned long addr, unsigned long count, size_t len)
{
	const struct iovec __user *vectors = (const struct iovec __user *)addr;

	strace_put_char(line, '[');
	for (unsigned long i = 0; i < count && i < SHOWN_VECTORS; i++) {
		struct iovec iov;
		size_t used;

		if (copy_from_user(&iov, vectors + i, sizeof(iov))) {
			strace_put_pointer(line, addr);
			break;
		}
		used = UK_MIN(len, iov.iov_len);
		len -= used;
		strace_put(line, i ? ", {iov_base=" : "{iov_base=");
		strace_put_bytes(line, (unsigned long)iov.iov_base, used);
		strace_put(line, ", iov_len=%lu}", (unsigned long)iov.iov_len);
	}
	strace_put(line, count > SHOWN_VECTORS ? ", ...]" : "]");
}

void strace_put_fdset(struct strace_line *line, unsigned long addr, unsigned int count)
{
	unsigned int shown = 0;

	strace_put_char(line, '[');
	for (unsigned int fd = 0; fd < count && fd < 1024; fd++) {
		unsigned char byte = 0;

		if (get_user(byte, (const unsigned char __user *)addr + fd / 8))
			break;
		if (byte >> fd % 8 & 1)
			strace_put(line, shown++ ? " %u" : "%u", fd);
	}
	strace_put_char(line, ']');
}
