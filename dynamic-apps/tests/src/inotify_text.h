/* SPDX-License-Identifier: BSD-3-Clause */
/* Events of inotify(7) as text: "1:CREATE(f)" is IN_CREATE of the name f for watch 1. */
#ifndef INOTIFY_TEXT_H
#define INOTIFY_TEXT_H

#include "t.h"

#include <sys/inotify.h>

#define SIZE sizeof(struct inotify_event)

static const struct {
	uint32_t bit;
	const char *name;
} names[] = {
	{IN_ACCESS, "ACCESS"},
	{IN_MODIFY, "MODIFY"},
	{IN_ATTRIB, "ATTRIB"},
	{IN_CLOSE_WRITE, "CLOSE_WRITE"},
	{IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"},
	{IN_OPEN, "OPEN"},
	{IN_MOVED_FROM, "FROM"},
	{IN_MOVED_TO, "TO"},
	{IN_CREATE, "CREATE"},
	{IN_DELETE, "DELETE"},
	{IN_DELETE_SELF, "DELETE_SELF"},
	{IN_MOVE_SELF, "MOVE_SELF"},
	{IN_UNMOUNT, "UNMOUNT"},
	{IN_Q_OVERFLOW, "OVERFLOW"},
	{IN_IGNORED, "IGNORED"},
	{IN_ISDIR, "ISDIR"},
};

static int in; /* the instance of the running test */

__attribute__((unused)) static int start(void)
{
	in = CHECK_OK(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	return in;
}

static size_t put_event(char *out, size_t room, const struct inotify_event *event)
{
	size_t len = (size_t)snprintf(out, room, "%d:", event->wd);
	uint32_t rest = event->mask;
	const char *bar = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(rest & names[i].bit))
			continue;
		len += (size_t)snprintf(out + len, room - len, "%s%s", bar, names[i].name);
		rest &= ~names[i].bit;
		bar = "|";
	}
	if (rest)
		len += (size_t)snprintf(out + len, room - len, "%s0x%x", bar, rest);
	if (event->len)
		len += (size_t)snprintf(out + len, room - len, "(%s)", event->name);
	return len + (size_t)snprintf(out + len, room - len, " ");
}

/* Everything that is queued, as text. */
__attribute__((unused)) static const char *events(void)
{
	static char out[16384];
	static char buf[8192] __attribute__((aligned(8)));
	size_t len = 0;
	ssize_t got;

	out[0] = '\0';
	while ((got = read(in, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			len += put_event(out + len, sizeof(out) - len, event);
			at += SIZE + event->len;
		}
	}
	if (len)
		out[len - 1] = '\0';
	return out;
}

__attribute__((unused)) static int watch(const char *path, uint32_t mask)
{
	return CHECK_OK(inotify_add_watch(in, path, mask));
}

#endif /* INOTIFY_TEXT_H */
