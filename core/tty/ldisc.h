/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal line discipline as a pure state machine: received bytes in, lines and echo out;
 * program output in, device bytes out. termios(3) is the specification; where it is silent, what
 * Linux' N_TTY does. The caller serialises all calls on one struct ldisc.
 */
#ifndef LDISC_H
#define LDISC_H

#include <asm/termios.h>
#include <uk/essentials.h>

#define LDISC_BYTES 4096 /* a line has at most LDISC_BYTES - 1 bytes (MAX_CANON) */

/** What the line discipline asks of its surroundings; callable from interrupt context. */
struct ldisc_ops {
	/** Bytes for the device: echo, already post-processed. */
	void (*echo)(void *ctx, const char *bytes, size_t len);
	/** SIGINT, SIGQUIT or SIGTSTP for the foreground process group. */
	void (*signal)(void *ctx, int signo);
};

/*
 * The input ring; positions count up for ever, a byte lies at position % LDISC_BYTES.
 *
 *   tail ..... line_start ..... head
 *    readable    being edited (canonical mode only)
 */
struct ldisc {
	struct termios2 termios;
	const struct ldisc_ops *ops;
	void *ctx;
	uint32_t tail, line_start, head;
	uint32_t column;      /* of the cursor, for tabs */
	uint32_t line_column; /* where the line being edited began */
	bool is_stopped;      /* ^S */
	bool is_literal;      /* the byte after ^V */
	char bytes[LDISC_BYTES];
	unsigned char ends[LDISC_BYTES / 8]; /* bitmap: a line ends with this byte */
};

/** Sets what a fresh serial console has (ICRNL IXON OPOST ONLCR ICANON ECHO ISIG ...). */
void ldisc_init(struct ldisc *ld, const struct ldisc_ops *ops, void *ctx);

/**
 * How many bytes may be received now without losing one: 0 when there is something to read and
 * no room behind it. A line too long for the ring is the program's loss, as on Linux.
 */
size_t ldisc_room(const struct ldisc *ld);

/** Takes bytes from the device. */
void ldisc_receive(struct ldisc *ld, const char *bytes, size_t len);

/** Changes the settings; a change of ICANON makes pending bytes readable. */
void ldisc_set_termios(struct ldisc *ld, const struct termios2 *termios);

/** Is there a line (canonical) or are there `min` bytes (raw) to read? */
bool ldisc_is_readable(const struct ldisc *ld, uint32_t min);
/** The same as poll(2) sees it: with VMIN, if VTIME is 0. */
bool ldisc_poll_in(const struct ldisc *ld);
/** FIONREAD: bytes that a read could take now. */
uint32_t ldisc_readable_bytes(const struct ldisc *ld);

/**
 * Takes up to `size` readable bytes. *is_line_done tells that a canonical line, or an
 * end-of-file, ended within: the read(2) is over, even with 0 bytes.
 */
size_t ldisc_read(struct ldisc *ld, char *buf, size_t size, bool *is_line_done);

/** What a read(2) that has `done` of `wanted` bytes does when no more are there (VMIN, VTIME). */
struct ldisc_wait {
	enum { LDISC_RETURN, LDISC_WAIT, LDISC_WAIT_TIMED } action;
	uint64_t timeout_ns;
};
struct ldisc_wait ldisc_wait_policy(const struct ldisc *ld, size_t done, size_t wanted);

/** Drops all input (TCIFLUSH, signals). */
void ldisc_flush_input(struct ldisc *ld);

/**
 * Post-processes program output. Consumes from `in` as long as `out` surely has room (8 bytes
 * for one); stores how much in *consumed and returns the bytes in `out`.
 */
size_t ldisc_output(struct ldisc *ld, const char *in, size_t len, char *out, size_t out_size,
		    size_t *consumed);

/* --- ldisc_edit.c: the line being edited; used by ldisc_receive() only ------------------- */
static inline char ldisc_byte(const struct ldisc *ld, uint32_t position)
{
	return ld->bytes[position % LDISC_BYTES];
}
static inline bool ldisc_has(const struct ldisc *ld, unsigned int lflags)
{
	return (ld->termios.c_lflag & lflags) == lflags;
}
/** Echoes through output processing, as it stands / control characters as ^X with ECHOCTL. */
void ldisc_echo_raw(struct ldisc *ld, const char *bytes, size_t len);
void ldisc_echo(struct ldisc *ld, char c);
void ldisc_erase_char(struct ldisc *ld);
void ldisc_erase_word(struct ldisc *ld);
void ldisc_erase_line(struct ldisc *ld);
void ldisc_reprint(struct ldisc *ld);

#endif /* LDISC_H */
