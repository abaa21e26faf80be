/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/net/unix (proc(5)): one line for each local socket there is. */
#include <uk/procfs.h>
#include "unix_internal.h"

#define FLAG_LISTENING 0x10000 /* __SO_ACCEPTCON of <linux/net.h> */

/* enum socket_state of <linux/net.h>; what nobody has open yet is only on its way there. */
static unsigned int state_of(const struct unix_socket *sock)
{
	bool is_connected = sock->state == UNIX_CONNECTED || (unix_is_datagram(sock) && sock->peer);
	bool is_open = sock->base.file != NULL;

	return is_connected ? (is_open ? 3 : 2) : (is_open ? 1 : 4);
}

/* An abstract name begins with a NUL, and may have more; a path ends with one. */
static void show_name(struct seq *seq, const struct unix_name *name)
{
	size_t len = name->len - offsetof(struct sockaddr_un, sun_path);
	const char *text = name->addr.sun_path;

	seq_puts(seq, " ");
	if (*text) {
		seq_write(seq, text, len - 1);
		return;
	}
	for (size_t i = 0; i < len; i++)
		seq_write(seq, text[i] ? text + i : "@", 1);
}

static void show_socket(struct seq *seq, const struct unix_socket *sock)
{
	const struct file *file = sock->base.file;

	seq_printf(seq, "%016lx: %08X %08X %08X %04X %02X %5lu", (unsigned long)(uintptr_t)sock,
		   sock->refcount, 0, sock->state == UNIX_LISTENING ? FLAG_LISTENING : 0,
		   sock->base.type, state_of(sock), file ? (unsigned long)file->inode->ino : 0ul);
	if (sock->name)
		show_name(seq, sock->name);
	seq_puts(seq, "\n");
}

void unix_show_all(struct seq *seq)
{
	const struct unix_socket *sock;

	seq_puts(seq, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	mutex_lock(&unix_lock);
	LIST_FOREACH (sock, &unix_all, all_link)
		show_socket(seq, sock);
	mutex_unlock(&unix_lock);
}
