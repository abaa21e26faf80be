/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * printf-style formatting (ISO C99 7.19.6.1, without floating point and %n). One engine hands
 * finished pieces to a callback; the buffer functions, the kernel log and procfs stand on it.
 * Pure: no state, no allocation.
 */
#include <limits.h>
#include <uk/fmt.h>
#include <uk/string.h>

#define FLAG_LEFT  0x01
#define FLAG_ZERO  0x02
#define FLAG_PLUS  0x04
#define FLAG_SPACE 0x08
#define FLAG_ALT   0x10
#define FLAG_UPPER 0x20

/* 64 binary digits would fit: octal needs 22. */
#define MAX_DIGITS 24

struct output {
	uk_format_emit emit;
	void *ctx;
	size_t total;
};

struct spec {
	unsigned int flags;
	int width;
	int precision; /* -1: none given */
	int length;    /* -2 hh, -1 h, 0 int, 1 long and wider */
};

static void put(struct output *out, const char *text, size_t len)
{
	if (len == 0)
		return;
	out->emit(out->ctx, text, len);
	out->total += len;
}

static void pad(struct output *out, char fill, int count)
{
	static const char spaces[] = "                ", zeros[] = "0000000000000000";

	for (; count > 0; count -= 16)
		put(out, fill == '0' ? zeros : spaces, (size_t)UK_MIN(count, 16));
}

/* prefix (sign, 0x), zeros, body; padded to the width on the side that the flags ask for. */
static void put_field(struct output *out, const struct spec *spec, const char *prefix, int zeros,
		      const char *body, size_t body_len)
{
	size_t prefix_len = strlen(prefix);
	size_t used = prefix_len + (size_t)zeros + body_len;
	int space = used < (size_t)spec->width ? spec->width - (int)used : 0;

	if (!(spec->flags & (FLAG_LEFT | FLAG_ZERO)))
		pad(out, ' ', space);
	put(out, prefix, prefix_len);
	if ((spec->flags & (FLAG_LEFT | FLAG_ZERO)) == FLAG_ZERO)
		pad(out, '0', space);
	pad(out, '0', zeros);
	put(out, body, body_len);
	if (spec->flags & FLAG_LEFT)
		pad(out, ' ', space);
}

static void put_number(struct output *out, struct spec *spec, uint64_t value, unsigned int base,
		       const char *prefix)
{
	const char *digits = spec->flags & FLAG_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[MAX_DIGITS];
	size_t len = 0;
	int zeros;

	if (spec->precision >= 0)
		spec->flags &= ~(unsigned int)FLAG_ZERO;
	if (base == 16) {
		for (; value; value >>= 4)
			text[MAX_DIGITS - ++len] = digits[value & 0xf];
	} else if (base == 8) {
		for (; value; value >>= 3)
			text[MAX_DIGITS - ++len] = digits[value & 7];
	} else {
		for (; value; value /= 10)
			text[MAX_DIGITS - ++len] = digits[value % 10];
	}
	/* A zero has one digit, unless the precision says none (and octal # wants it back). */
	if (len == 0 && (spec->precision != 0 || (base == 8 && (spec->flags & FLAG_ALT))))
		text[MAX_DIGITS - ++len] = '0';
	zeros = spec->precision > (int)len ? spec->precision - (int)len : 0;
	if (base == 8 && (spec->flags & FLAG_ALT) && zeros == 0 && text[MAX_DIGITS - len] != '0')
		zeros = 1;
	put_field(out, spec, prefix, zeros, text + MAX_DIGITS - len, len);
}

static void put_string(struct output *out, struct spec *spec, const char *text)
{
	size_t len;

	if (!text)
		text = "(null)";
	len = spec->precision >= 0 ? strnlen(text, (size_t)spec->precision) : strlen(text);
	spec->flags &= ~(unsigned int)FLAG_ZERO;
	put_field(out, spec, "", 0, text, len);
}

static const char *parse_int(const char *fmt, int *value)
{
	int n = 0;

	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		n = n > (INT_MAX - 9) / 10 ? INT_MAX : n * 10 + (*fmt - '0');
	*value = n;
	return fmt;
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->flags |= FLAG_LEFT;
		else if (*fmt == '0')
			spec->flags |= FLAG_ZERO;
		else if (*fmt == '+')
			spec->flags |= FLAG_PLUS;
		else if (*fmt == ' ')
			spec->flags |= FLAG_SPACE;
		else if (*fmt == '#')
			spec->flags |= FLAG_ALT;
		else
			return fmt;
	}
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z' || *fmt == 't' || *fmt == 'j')
			spec->length = 1;
		else if (*fmt == 'h')
			spec->length--;
		else
			return fmt;
	}
}

/* va_list is an array on some machines and a pointer into it must survive calls. */
struct args {
	va_list ap;
};

static const char *parse_spec(const char *fmt, struct spec *spec, struct args *args)
{
	*spec = (struct spec){.precision = -1};
	fmt = parse_flags(fmt, spec);
	if (*fmt == '*') {
		int width = va_arg(args->ap, int);

		if (width < 0) {
			spec->flags |= FLAG_LEFT;
			width = width == INT_MIN ? INT_MAX : -width;
		}
		spec->width = width;
		fmt++;
	} else {
		fmt = parse_int(fmt, &spec->width);
	}
	if (*fmt == '.') {
		if (fmt[1] == '*') {
			int precision = va_arg(args->ap, int);

			spec->precision = precision < 0 ? -1 : precision;
			fmt += 2;
		} else {
			fmt = parse_int(fmt + 1, &spec->precision);
		}
	}
	return parse_length(fmt, spec);
}

static uint64_t next_unsigned(const struct spec *spec, struct args *args)
{
	_Static_assert(sizeof(long) == 8, "l, ll, z, t and j are one size");

	if (spec->length > 0)
		return va_arg(args->ap, unsigned long);
	if (spec->length == -1)
		return (unsigned short)va_arg(args->ap, unsigned int);
	if (spec->length <= -2)
		return (unsigned char)va_arg(args->ap, unsigned int);
	return va_arg(args->ap, unsigned int);
}

static int64_t next_signed(const struct spec *spec, struct args *args)
{
	if (spec->length > 0)
		return va_arg(args->ap, long);
	if (spec->length == -1)
		return (short)va_arg(args->ap, int);
	if (spec->length <= -2)
		return (signed char)va_arg(args->ap, int);
	return va_arg(args->ap, int);
}

static void put_signed(struct output *out, struct spec *spec, int64_t value)
{
	const char *sign = "";

	if (value < 0)
		sign = "-";
	else if (spec->flags & FLAG_PLUS)
		sign = "+";
	else if (spec->flags & FLAG_SPACE)
		sign = " ";
	put_number(out, spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, sign);
}

static void put_hex(struct output *out, struct spec *spec, uint64_t value)
{
	const char *prefix = "";

	if ((spec->flags & FLAG_ALT) && value)
		prefix = spec->flags & FLAG_UPPER ? "0X" : "0x";
	put_number(out, spec, value, 16, prefix);
}

/* One conversion; returns false for a letter we do not know (then it is printed as it stands). */
static bool convert(struct output *out, struct spec *spec, char letter, struct args *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(out, spec, next_signed(spec, args));
		return true;
	case 'u':
		put_number(out, spec, next_unsigned(spec, args), 10, "");
		return true;
	case 'X':
		spec->flags |= FLAG_UPPER;
		/* fallthrough */
	case 'x':
		put_hex(out, spec, next_unsigned(spec, args));
		return true;
	case 'o':
		put_number(out, spec, next_unsigned(spec, args), 8, "");
		return true;
	case 'p':
		put_number(out, spec, (uintptr_t)va_arg(args->ap, void *), 16, "0x");
		return true;
	case 's':
		put_string(out, spec, va_arg(args->ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(args->ap, int);
		spec->flags &= ~(unsigned int)FLAG_ZERO;
		put_field(out, spec, "", 0, &c, 1);
		return true;
	case '%':
		put(out, "%", 1);
		return true;
	default:
		return false;
	}
}

size_t uk_vformat(uk_format_emit emit, void *ctx, const char *fmt, va_list ap)
{
	struct output out = {.emit = emit, .ctx = ctx};
	struct args args;

	va_copy(args.ap, ap);
	while (*fmt) {
		const char *start = fmt;
		struct spec spec;

		while (*fmt && *fmt != '%')
			fmt++;
		put(&out, start, (size_t)(fmt - start));
		if (!*fmt)
			break;
		start = fmt;
		fmt = parse_spec(fmt + 1, &spec, &args);
		if (!*fmt || !convert(&out, &spec, *fmt, &args))
			put(&out, start, (size_t)(fmt - start) + (*fmt != '\0'));
		if (*fmt)
			fmt++;
	}
	va_end(args.ap);
	return out.total;
}

struct buffer {
	char *next;
	size_t space; /* without the terminator */
};

static void emit_to_buffer(void *ctx, const char *text, size_t len)
{
	struct buffer *buffer = ctx;

	len = UK_MIN(len, buffer->space);
	if (len == 0)
		return;
	memcpy(buffer->next, text, len);
	buffer->next += len;
	buffer->space -= len;
}

int uk_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer buffer = {.next = buf, .space = size ? size - 1 : 0};
	size_t len = uk_vformat(emit_to_buffer, &buffer, fmt, ap);

	if (size)
		*buffer.next = '\0';
	return len > INT_MAX ? INT_MAX : (int)len;
}

int uk_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = uk_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

int uk_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = uk_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (len < 0 || size == 0)
		return 0;
	return (size_t)len < size ? len : (int)(size - 1);
}
