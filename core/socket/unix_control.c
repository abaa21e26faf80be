/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages of local sockets (unix(7), "Ancillary messages"): SCM_RIGHTS, SCM_CREDENTIALS.
 */
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <uk/heap.h>
#include <uk/string.h>
#include "unix_internal.h"

/* The UAPI headers leave these to the C library. */
#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2

struct control_head { /* struct cmsghdr (cmsg(3)) */
	size_t len;   /* of itself and what follows */
	int level, type;
};

/* --- sending -------------------------------------------------------------------------------- */

static bool is_capable(unsigned int capability)
{
	return !(current->process->attributes.caps_lost_effective >> capability & 1);
}

static bool is_own_id(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
	return id == real || id == effective || id == saved;
}

/* One may say who one is, or with privilege anything that is somebody. */
static int check_ids(const struct unix_ids *ids)
{
	const struct creds *own = &current->process->creds;

	if (ids->pid != current->process->pid && !is_capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!is_own_id(ids->uid, own->uid, own->euid, own->suid) && !is_capable(CAP_SETUID))
		return -EPERM;
	if (!is_own_id(ids->gid, own->gid, own->egid, own->sgid) && !is_capable(CAP_SETGID))
		return -EPERM;
	if (ids->pid != current->process->pid && !task_find(ids->pid))
		return -ESRCH;
	return ids->uid == UINT32_MAX || ids->gid == UINT32_MAX ? -EINVAL : 0;
}

static int get_one(const struct control_head *head, struct unix_ancillary *ancillary)
{
	size_t size = head->len - sizeof(*head);

	switch (head->type) {
	case SCM_RIGHTS:
		return unix_rights_add(&ancillary->rights, (const int *)(head + 1),
				       (unsigned int)(size / sizeof(int)));
	case SCM_CREDENTIALS:
		if (size != sizeof(ancillary->ids))
			return -EINVAL;
		memcpy(&ancillary->ids, head + 1, size);
		return check_ids(&ancillary->ids);
	default:
		return -EINVAL;
	}
}

int unix_control_get(const struct socket_control *control, struct unix_ancillary *ancillary)
{
	size_t at = 0;

	while (control->len - at >= sizeof(struct control_head)) {
		const struct control_head *head = (const void *)(control->bytes + at);
		int error;

		if (head->len < sizeof(*head) || head->len > control->len - at)
			return -EINVAL;
		error = head->level == SOL_SOCKET ? get_one(head, ancillary) : 0;
		if (error)
			return error;
		at = UK_MIN(at + UK_ALIGN_UP(head->len, sizeof(size_t)), control->len);
	}
	return 0;
}

struct unix_ids unix_own_ids(void)
{
	const struct process *process = current->process;

	return (struct unix_ids){process->pid, process->creds.uid, process->creds.gid};
}

/* --- receiving ------------------------------------------------------------------------------ */

/* Reserves descriptors for as many of the files as there is room for and numbers are left. */
static void put_rights(struct socket_control *control, struct unix_rights *rights, bool cloexec)
{
	size_t room = control->room - control->len, head = sizeof(struct control_head);
	size_t fits = room > head ? (room - head) / sizeof(int) : 0;
	int fds[UNIX_RIGHTS_MAX];
	unsigned int count;

	for (count = 0; count < UK_MIN(fits, (size_t)rights->count); count++) {
		fds[count] = fd_reserve(cloexec);
		if (fds[count] < 0)
			break;
		rights->list[count].fd = fds[count];
	}
	control->is_truncated |= count < rights->count;
	if (count)
		socket_control_put(control, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof(int));
	control->rights = rights;
}

void unix_control_put(struct unix_socket *sock, struct socket_transfer *transfer,
		      struct unix_ancillary *ancillary)
{
	struct socket_control *control = transfer->control;
	struct unix_rights *rights = ancillary->rights;

	ancillary->rights = NULL;
	if (sock->base.passes_credentials)
		socket_control_put(control, SOL_SOCKET, SCM_CREDENTIALS, &ancillary->ids,
				   sizeof(ancillary->ids));
	if (!rights)
		return;
	unix_rights_unpark(rights);
	if (control)
		put_rights(control, rights, transfer->flags & UK_MSG_CMSG_CLOEXEC);
	else
		unix_rights_free(rights);
}

void socket_control_finish(struct socket_control *control, bool is_stored)
{
	struct unix_rights *rights = control->rights;

	if (uk_likely(!rights))
		return;
	control->rights = NULL;
	for (unsigned int i = 0; i < rights->count; i++) {
		struct unix_right *right = &rights->list[i];

		if (right->fd < 0)
			continue;
		if (is_stored) {
			fd_install_reserved(right->fd, right->file);
			right->file = NULL;
		} else {
			fd_unreserve(right->fd);
		}
	}
	unix_rights_free(rights);
}
