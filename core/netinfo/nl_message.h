/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of AF_NETLINK (netlink(7)): reading those of a program, making ours. A message is a
 * header, the structure of its type and attributes, all aligned to 4. Pure.
 */
#ifndef NETINFO_NL_MESSAGE_H
#define NETINFO_NL_MESSAGE_H

#include <linux/netlink.h>
#include <uk/essentials.h>
#include <uk/procfs.h>

/** Messages that grow in a struct seq. */
struct nl_writer {
	struct seq out;
	uint32_t sequence, port; /* of the request that is answered */
	bool caps_acks;          /* NETLINK_CAP_ACK: a refused request does not come back whole */
	size_t begin;            /* of the message that is being made */
};

void nl_begin(struct nl_writer *writer, uint16_t type, uint16_t flags);
/** The structure behind the header, or anything else at the end of the message. */
void nl_put(struct nl_writer *writer, const void *data, size_t len);
void nl_attribute(struct nl_writer *writer, uint16_t type, const void *data, size_t len);
static inline void nl_attribute_u32(struct nl_writer *writer, uint16_t type, uint32_t value)
{
	nl_attribute(writer, type, &value, sizeof(value));
}
static inline void nl_attribute_u8(struct nl_writer *writer, uint16_t type, uint8_t value)
{
	nl_attribute(writer, type, &value, sizeof(value));
}
void nl_attribute_text(struct nl_writer *writer, uint16_t type, const char *text);
void nl_end(struct nl_writer *writer);

/** The answer to a request: NLMSG_ERROR with -errno, or 0. */
void nl_acknowledge(struct nl_writer *writer, const struct nlmsghdr *request, int error);

/** The message at `at` in `len` bytes, or NULL when there is no whole one. */
const struct nlmsghdr *nl_message_at(const uint8_t *bytes, size_t len, size_t at);
static inline size_t nl_payload_bytes(const struct nlmsghdr *message)
{
	return message->nlmsg_len - NLMSG_HDRLEN;
}
/** The attribute of this type behind the first `skip` bytes of the payload: its data, and *len.
 *  NULL: none. */
const void *nl_find(const struct nlmsghdr *message, size_t skip, uint16_t type, size_t *len);

/** Where to cut `bytes` so that whole messages of at most `most` bytes (one at least) are in
 *  front. */
size_t nl_cut(const uint8_t *bytes, size_t len, size_t most);

#endif /* NETINFO_NL_MESSAGE_H */
