/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Line discipline: what happens to each received byte, how lines are read, how output is
 * post-processed. Editing of the unfinished line is in ldisc_edit.c. Pure.
 *
 * An end-of-file typed at the terminal is kept in the ring as a NUL byte that ends a line; it is
 * consumed by a read but never copied (a NUL cannot be a delimiter otherwise: 0 disables a
 * control character).
 */
#include <asm/signal.h>
#include <uk/string.h>
#include "ldisc.h"

#define DELIMITER_EOF '\0'

void ldisc_init(struct ldisc *ld, const struct ldisc_ops *ops, void *ctx)
{
	static const unsigned char control[NCCS] = {
		[VINTR] = 3,     [VQUIT] = 28,   [VERASE] = 127, [VKILL] = 21, [VEOF] = 4,
		[VMIN] = 1,      [VSTART] = 17,  [VSTOP] = 19,   [VSUSP] = 26, [VREPRINT] = 18,
		[VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22,
	};

	memset(ld, 0, offsetof(struct ldisc, bytes));
	memset(ld->ends, 0, sizeof(ld->ends));
	ld->ops = ops;
	ld->ctx = ctx;
	ld->termios.c_iflag = ICRNL | IXON | IUTF8;
	ld->termios.c_oflag = OPOST | ONLCR;
	ld->termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	ld->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	ld->termios.c_ispeed = ld->termios.c_ospeed = 115200;
	memcpy(ld->termios.c_cc, control, sizeof(control));
}

static bool is_end(const struct ldisc *ld, uint32_t position)
{
	position %= LDISC_BYTES;
	return ld->ends[position / 8] >> position % 8 & 1;
}

static void set_end(struct ldisc *ld, uint32_t position, bool ends)
{
	unsigned char bit = (unsigned char)(1u << position % 8);
	unsigned char *byte = &ld->ends[position % LDISC_BYTES / 8];

	*byte = ends ? *byte | bit : *byte & (unsigned char)~bit;
}

/* --- input ------------------------------------------------------------------------------- */

size_t ldisc_room(const struct ldisc *ld)
{
	uint32_t used = ld->head - ld->tail + ldisc_has(ld, ICANON);

	if (used < LDISC_BYTES)
		return LDISC_BYTES - used;
	/* With nothing to read, one more may end or erase the line. */
	return !ldisc_is_readable(ld, 1);
}

/* Room is kept for the delimiter of the line that is being edited. */
static bool store(struct ldisc *ld, char c, bool ends)
{
	uint32_t used = ld->head - ld->tail;
	uint32_t room = LDISC_BYTES - used - (ldisc_has(ld, ICANON) && !ends);

	if (used >= LDISC_BYTES || room == 0) {
		if (ld->termios.c_iflag & IMAXBEL)
			ldisc_echo_raw(ld, "\a", 1);
		return false;
	}
	ld->bytes[ld->head % LDISC_BYTES] = c;
	set_end(ld, ld->head, ends);
	ld->head++;
	return true;
}

static bool is_control(const struct ldisc *ld, unsigned int which, char c)
{
	unsigned char control = ld->termios.c_cc[which];

	return control && control == (unsigned char)c;
}

static void start(struct ldisc *ld)
{
	ld->is_stopped = false;
}

/* ^S and ^Q. Returns true when the byte was one of them. */
static bool flow_control(struct ldisc *ld, char c)
{
	if (!(ld->termios.c_iflag & IXON))
		return false;
	if (is_control(ld, VSTART, c)) {
		start(ld);
		return true;
	}
	if (is_control(ld, VSTOP, c)) {
		ld->is_stopped = true;
		return true;
	}
	return false;
}

/* ^C ^\ ^Z. Returns true when the byte was one of them. */
static bool signal_character(struct ldisc *ld, char c)
{
	int signo = 0;

	if (!ldisc_has(ld, ISIG))
		return false;
	if (is_control(ld, VINTR, c))
		signo = SIGINT;
	else if (is_control(ld, VQUIT, c))
		signo = SIGQUIT;
	else if (is_control(ld, VSUSP, c))
		signo = SIGTSTP;
	if (!signo)
		return false;
	if (!ldisc_has(ld, NOFLSH))
		ldisc_flush_input(ld);
	if (ld->termios.c_iflag & IXON)
		start(ld);
	if (ldisc_has(ld, ECHO))
		ldisc_echo(ld, c);
	ld->ops->signal(ld->ctx, signo);
	return true;
}

static void finish_line(struct ldisc *ld, char delimiter)
{
	if (!store(ld, delimiter, true))
		return;
	ld->line_start = ld->head;
	ld->line_column = ld->column;
}

/* The line editing characters. Returns true when the byte was one of them. */
static bool edit_character(struct ldisc *ld, char c)
{
	bool extended = ldisc_has(ld, IEXTEN);

	if (is_control(ld, VERASE, c))
		ldisc_erase_char(ld);
	else if (is_control(ld, VKILL, c))
		ldisc_erase_line(ld);
	else if (extended && is_control(ld, VWERASE, c))
		ldisc_erase_word(ld);
	else if (extended && ldisc_has(ld, ECHO) && is_control(ld, VREPRINT, c))
		ldisc_reprint(ld);
	else if (is_control(ld, VEOF, c))
		finish_line(ld, DELIMITER_EOF);
	else
		return false;
	return true;
}

/* Returns true when the byte ended a line. */
static bool line_delimiter(struct ldisc *ld, char c)
{
	bool is_newline = c == '\n';

	if (!is_newline && !is_control(ld, VEOL, c) &&
	    !(ldisc_has(ld, IEXTEN) && is_control(ld, VEOL2, c)))
		return false;
	if (is_newline && (ldisc_has(ld, ECHO) || ldisc_has(ld, ECHONL)))
		ldisc_echo_raw(ld, "\n", 1);
	else if (ldisc_has(ld, ECHO))
		ldisc_echo(ld, c);
	finish_line(ld, c);
	return true;
}

/* A newline that comes here is data (after ^V, or in raw mode) and shows as ^J. */
static void receive_literal(struct ldisc *ld, char c)
{
	if (ld->head == ld->line_start)
		ld->line_column = ld->column; /* behind a prompt, if there is one */
	if (store(ld, c, false) && ldisc_has(ld, ECHO))
		ldisc_echo(ld, c);
}

/* ICANON's own characters; what is left is part of the line. */
static void receive_canonical(struct ldisc *ld, char c)
{
	if (edit_character(ld, c) || line_delimiter(ld, c))
		return;
	receive_literal(ld, c);
}

/* Carriage returns and newlines (c_iflag); returns false when the byte is dropped. */
static bool map_input(const struct ldisc *ld, char *c)
{
	unsigned int iflag = ld->termios.c_iflag;

	if (*c == '\r') {
		if (iflag & IGNCR)
			return false;
		if (iflag & ICRNL)
			*c = '\n';
	} else if (*c == '\n' && (iflag & INLCR)) {
		*c = '\r';
	}
	return true;
}

/* Raw mode: a carriage return that ICRNL made a newline is echoed as one. */
static void receive_return(struct ldisc *ld)
{
	if (store(ld, '\n', false) && ldisc_has(ld, ECHO))
		ldisc_echo_raw(ld, "\n", 1);
}

/* ISTRIP and IUCLC come before everything, ^V included. */
static char strip(const struct ldisc *ld, char c)
{
	if (ld->termios.c_iflag & ISTRIP)
		c &= 0x7f;
	if ((ld->termios.c_iflag & IUCLC) && ldisc_has(ld, IEXTEN) && c >= 'A' && c <= 'Z')
		c |= 0x20;
	return c;
}

static void receive_byte(struct ldisc *ld, char raw)
{
	const char received = strip(ld, raw);
	char c = received;

	if (ld->is_literal) {
		ld->is_literal = false;
		receive_literal(ld, c);
		return;
	}
	/* Flow control and signals look at the byte before it is mapped. */
	if (flow_control(ld, c))
		return;
	if (ld->is_stopped && (ld->termios.c_iflag & (IXON | IXANY)) == (IXON | IXANY))
		start(ld);
	if (signal_character(ld, c) || !map_input(ld, &c))
		return;
	if (ldisc_has(ld, ICANON | IEXTEN) && is_control(ld, VLNEXT, c)) {
		ld->is_literal = true;
		if (ldisc_has(ld, ECHO | ECHOCTL))
			ldisc_echo_raw(ld, "^\b", 2);
		return;
	}
	if (ldisc_has(ld, ICANON))
		receive_canonical(ld, c);
	else if (c == '\n' && c != received)
		receive_return(ld);
	else
		receive_literal(ld, c);
}

void ldisc_receive(struct ldisc *ld, const char *bytes, size_t len)
{
	if (!(ld->termios.c_cflag & CREAD))
		return;
	for (size_t i = 0; i < len; i++)
		receive_byte(ld, bytes[i]);
}

void ldisc_flush_input(struct ldisc *ld)
{
	ld->tail = ld->line_start = ld->head;
	ld->line_column = ld->column;
	ld->is_literal = false;
}

void ldisc_set_termios(struct ldisc *ld, const struct termios2 *termios)
{
	unsigned int changed = ld->termios.c_lflag ^ termios->c_lflag;

	ld->termios = *termios;
	if (!(termios->c_iflag & IXON))
		start(ld);
	if (!(changed & ICANON))
		return;
	ld->is_literal = false;
	memset(ld->ends, 0, sizeof(ld->ends));
	/* Into canonical mode: what is there counts as one line. */
	if (ld->head != ld->tail)
		set_end(ld, ld->head - 1, true);
	ld->line_start = ld->head;
	ld->line_column = ld->column;
}

/* --- reading ----------------------------------------------------------------------------- */

bool ldisc_is_readable(const struct ldisc *ld, uint32_t min)
{
	if (ldisc_has(ld, ICANON))
		return ld->line_start != ld->tail;
	return ld->head - ld->tail >= min;
}

bool ldisc_poll_in(const struct ldisc *ld)
{
	uint32_t min = 1;

	if (!ld->termios.c_cc[VTIME] && ld->termios.c_cc[VMIN])
		min = ld->termios.c_cc[VMIN];
	return ldisc_is_readable(ld, min);
}

uint32_t ldisc_readable_bytes(const struct ldisc *ld)
{
	uint32_t count = ld->line_start - ld->tail;

	if (!ldisc_has(ld, ICANON))
		return ld->head - ld->tail;
	for (uint32_t at = ld->tail; at != ld->line_start; at++)
		if (is_end(ld, at) && ldisc_byte(ld, at) == DELIMITER_EOF)
			count--;
	return count;
}

static size_t read_raw(struct ldisc *ld, char *buf, size_t size)
{
	size_t len = UK_MIN(size, (size_t)(ld->head - ld->tail));

	for (size_t i = 0; i < len; i++)
		buf[i] = ldisc_byte(ld, ld->tail++);
	ld->line_start = ld->tail; /* nothing is being edited */
	return len;
}

size_t ldisc_read(struct ldisc *ld, char *buf, size_t size, bool *is_line_done)
{
	size_t len = 0;

	*is_line_done = false;
	if (!ldisc_has(ld, ICANON))
		return read_raw(ld, buf, size);
	while (ld->tail != ld->line_start && !*is_line_done) {
		char c = ldisc_byte(ld, ld->tail);
		bool ends = is_end(ld, ld->tail);
		bool is_eof = ends && c == DELIMITER_EOF;

		/* An end-of-file right behind a full buffer goes with it: it only ended that line.
		 */
		if (!is_eof) {
			if (len == size)
				break;
			buf[len++] = c;
		}
		ld->tail++;
		*is_line_done = ends;
	}
	return len;
}

struct ldisc_wait ldisc_wait_policy(const struct ldisc *ld, size_t done, size_t wanted)
{
	size_t min = ld->termios.c_cc[VMIN];
	uint64_t timeout_ns = (uint64_t)ld->termios.c_cc[VTIME] * 100000000UL;

	if (ldisc_has(ld, ICANON))
		return (struct ldisc_wait){done ? LDISC_RETURN : LDISC_WAIT, 0};
	if (done >= UK_MIN(min, wanted) && (done || min || !timeout_ns))
		return (struct ldisc_wait){LDISC_RETURN, 0};
	/* VMIN 0: the clock runs from the call on. VMIN > 0: between bytes, from the first on. */
	if (timeout_ns && (done || min == 0))
		return (struct ldisc_wait){LDISC_WAIT_TIMED, timeout_ns};
	return (struct ldisc_wait){LDISC_WAIT, 0};
}

/* --- output ------------------------------------------------------------------------------ */

/* One byte that needs more than to be passed on; returns the bytes stored (at most 8). */
static size_t output_special(struct ldisc *ld, char c, char *out)
{
	unsigned int oflag = ld->termios.c_oflag, spaces;

	switch (c) {
	case '\n':
		if (oflag & ONLRET)
			ld->column = 0;
		if (!(oflag & ONLCR))
			break;
		ld->column = 0;
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	case '\r':
		if ((oflag & ONOCR) && ld->column == 0)
			return 0;
		if (oflag & OCRNL)
			c = '\n';
		if (c == '\r' || (oflag & ONLRET))
			ld->column = 0;
		break;
	case '\t':
		spaces = 8 - (ld->column & 7);
		ld->column += spaces;
		if ((oflag & TABDLY) != XTABS)
			break;
		memset(out, ' ', spaces);
		return spaces;
	case '\b':
		if (ld->column)
			ld->column--;
		break;
	default:
		break;
	}
	out[0] = c;
	return 1;
}

size_t ldisc_output(struct ldisc *ld, const char *in, size_t len, char *out, size_t out_size,
		    size_t *consumed)
{
	const char *next = in, *end = in + len;
	size_t stored = 0;

	if (!(ld->termios.c_oflag & OPOST)) {
		*consumed = UK_MIN(len, out_size);
		memcpy(out, in, *consumed);
		return *consumed;
	}
	for (; next < end && stored + 8 <= out_size; next++) {
		unsigned char c = (unsigned char)*next;

		if (uk_unlikely(c < ' ')) {
			stored += output_special(ld, *next, out + stored);
			continue;
		}
		if ((ld->termios.c_oflag & OLCUC) && c >= 'a' && c <= 'z')
			c &= 0xdf;
		out[stored++] = (char)c;
		/* The later bytes of a UTF-8 sequence have no width. */
		ld->column += !(ld->termios.c_iflag & IUTF8) || (c & 0xc0) != 0x80;
	}
	*consumed = (size_t)(next - in);
	return stored;
}
