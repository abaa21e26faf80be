/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Editing of the unfinished line (canonical mode): echo, erase of a character, a word, the line,
 * and reprint. Pure. The bytes between line_start and head are the line; line_column is the
 * column its first byte was echoed at, so the width of a tab can be found again when it is erased.
 */
#include <uk/string.h>
#include "ldisc.h"

static bool is_utf8(const struct ldisc *ld)
{
	return ld->termios.c_iflag & IUTF8;
}

static bool is_continuation(const struct ldisc *ld, char c)
{
	return is_utf8(ld) && ((unsigned char)c & 0xc0) == 0x80;
}

void ldisc_echo_raw(struct ldisc *ld, const char *bytes, size_t len)
{
	char out[16];

	while (len) {
		size_t consumed;
		size_t stored = ldisc_output(ld, bytes, len, out, sizeof(out), &consumed);

		ld->ops->echo(ld->ctx, out, stored);
		bytes += consumed;
		len -= consumed;
	}
}

static bool is_shown_as_caret(const struct ldisc *ld, char c)
{
	return ldisc_has(ld, ECHOCTL) && c != '\t' && ((unsigned char)c < ' ' || c == 0x7f);
}

void ldisc_echo(struct ldisc *ld, char c)
{
	if (is_shown_as_caret(ld, c)) {
		char pair[2] = {'^', (char)(c ^ 0x40)};

		ldisc_echo_raw(ld, pair, 2);
		return;
	}
	ldisc_echo_raw(ld, &c, 1);
}

/* Columns that the byte takes when the cursor is at `column`. */
static unsigned int width(const struct ldisc *ld, char c, unsigned int column)
{
	if (c == '\t')
		return 8 - (column & 7);
	if (is_shown_as_caret(ld, c))
		return 2;
	if ((unsigned char)c < ' ' || c == 0x7f || is_continuation(ld, c))
		return 0;
	return 1;
}

/* Columns of the character at `position`, which depends on all before it when it is a tab. */
static unsigned int width_at(const struct ldisc *ld, uint32_t position)
{
	unsigned int column = ld->line_column;

	if (ldisc_byte(ld, position) != '\t')
		return width(ld, ldisc_byte(ld, position), 0);
	for (uint32_t at = ld->line_start; at != position; at++)
		column += width(ld, ldisc_byte(ld, at), column);
	return width(ld, '\t', column);
}

/* The start of the last character before head: one byte, or a UTF-8 sequence. */
static uint32_t last_character(const struct ldisc *ld)
{
	uint32_t at = ld->head - 1;

	while (at != ld->line_start && is_continuation(ld, ldisc_byte(ld, at)))
		at--;
	return at;
}

static void erase_columns(struct ldisc *ld, unsigned int count)
{
	while (count--)
		ldisc_echo_raw(ld, "\b \b", 3);
}

/* A tab is erased by moving back over it; what it covered was blank. */
static void erase_echo(struct ldisc *ld, uint32_t at)
{
	unsigned int columns = width_at(ld, at);

	if (ldisc_byte(ld, at) != '\t') {
		erase_columns(ld, columns);
		return;
	}
	while (columns--)
		ldisc_echo_raw(ld, "\b", 1);
}

/* Takes the last character off the line and, with ECHO, off the screen. Returns false when there
 * is none, or only the torn rest of a UTF-8 sequence. */
static bool erase_shown(struct ldisc *ld)
{
	uint32_t at;

	if (ld->head == ld->line_start)
		return false;
	at = last_character(ld);
	if (is_continuation(ld, ldisc_byte(ld, at)))
		return false;
	if (ldisc_has(ld, ECHO))
		erase_echo(ld, at);
	ld->head = at;
	return true;
}

/* Without ECHOE only this one shows the erase character instead; word erase does not. */
void ldisc_erase_char(struct ldisc *ld)
{
	if (ldisc_has(ld, ECHO) && !ldisc_has(ld, ECHOE)) {
		if (ld->head == ld->line_start)
			return;
		ldisc_echo(ld, (char)ld->termios.c_cc[VERASE]);
		ld->head = last_character(ld);
		return;
	}
	erase_shown(ld);
}

/* Judged by its first byte: the lead bytes of UTF-8 count as letters, as Latin-1 has them. */
static bool is_word_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= '0' && u <= '9') || ((u | 0x20) >= 'a' && (u | 0x20) <= 'z') || u == '_' ||
	       (u >= 0xc0 && u != 0xd7 && u != 0xf7);
}

void ldisc_erase_word(struct ldisc *ld)
{
	bool in_word = false;

	while (ld->head != ld->line_start) {
		bool is_word = is_word_byte(ldisc_byte(ld, last_character(ld)));

		if (in_word && !is_word)
			break;
		in_word |= is_word;
		if (!erase_shown(ld))
			break;
	}
}

void ldisc_erase_line(struct ldisc *ld)
{
	if (ld->head == ld->line_start)
		return;
	if (ldisc_has(ld, ECHO | ECHOE | ECHOK | ECHOKE)) {
		while (erase_shown(ld))
			;
		return;
	}
	ld->head = ld->line_start;
	if (!ldisc_has(ld, ECHO))
		return;
	ldisc_echo(ld, (char)ld->termios.c_cc[VKILL]);
	if (ldisc_has(ld, ECHOK))
		ldisc_echo_raw(ld, "\n", 1);
	ld->line_column = ld->column;
}

void ldisc_reprint(struct ldisc *ld)
{
	ldisc_echo(ld, (char)ld->termios.c_cc[VREPRINT]);
	ldisc_echo_raw(ld, "\n", 1);
	ld->line_column = ld->column;
	for (uint32_t at = ld->line_start; at != ld->head; at++)
		ldisc_echo(ld, ldisc_byte(ld, at));
}
