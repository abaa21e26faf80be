/* SPDX-License-Identifier: BSD-3-Clause */
/* Netlink messages; see nl_message.h. */
#include <uk/string.h>
#include "nl_message.h"

/* --- making --------------------------------------------------------------------------------- */

void nl_put(struct nl_writer *writer, const void *data, size_t len)
{
	static const uint8_t zeros[NLMSG_ALIGNTO];

	seq_write(&writer->out, data, len);
	seq_write(&writer->out, zeros, NLMSG_ALIGN(len) - len);
}

void nl_begin(struct nl_writer *writer, uint16_t type, uint16_t flags)
{
	const struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = writer->sequence,
		.nlmsg_pid = writer->port,
	};

	writer->begin = writer->out.len;
	nl_put(writer, &header, sizeof(header));
}

void nl_attribute(struct nl_writer *writer, uint16_t type, const void *data, size_t len)
{
	const struct nlattr head = {(uint16_t)(NLA_HDRLEN + len), type};

	nl_put(writer, &head, sizeof(head));
	nl_put(writer, data, len);
}

void nl_attribute_text(struct nl_writer *writer, uint16_t type, const char *text)
{
	nl_attribute(writer, type, text, strlen(text) + 1);
}

void nl_end(struct nl_writer *writer)
{
	uint32_t len = (uint32_t)(writer->out.len - writer->begin);

	if (!writer->out.is_out_of_memory)
		memcpy(writer->out.buf + writer->begin, &len, sizeof(len));
}

/* With an error the whole request comes back, without one its header is enough. */
void nl_acknowledge(struct nl_writer *writer, const struct nlmsghdr *request, int error)
{
	bool is_whole = error && !writer->caps_acks;

	nl_begin(writer, NLMSG_ERROR, is_whole ? 0 : NLM_F_CAPPED);
	nl_put(writer, &error, sizeof(error));
	nl_put(writer, request, is_whole ? request->nlmsg_len : NLMSG_HDRLEN);
	nl_end(writer);
}

/* --- reading -------------------------------------------------------------------------------- */

const struct nlmsghdr *nl_message_at(const uint8_t *bytes, size_t len, size_t at)
{
	const struct nlmsghdr *message = (const void *)(bytes + at);

	if (at > len || len - at < NLMSG_HDRLEN)
		return NULL;
	return message->nlmsg_len >= NLMSG_HDRLEN && message->nlmsg_len <= len - at ? message
										    : NULL;
}

const void *nl_find(const struct nlmsghdr *message, size_t skip, uint16_t type, size_t *len)
{
	const uint8_t *bytes = (const uint8_t *)message;
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(skip), end = message->nlmsg_len;

	while (at < end && end - at >= NLA_HDRLEN) {
		const struct nlattr *attribute = (const void *)(bytes + at);

		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > end - at)
			return NULL;
		if ((attribute->nla_type & NLA_TYPE_MASK) == type) {
			*len = attribute->nla_len - (size_t)NLA_HDRLEN;
			return bytes + at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(attribute->nla_len);
	}
	return NULL;
}

size_t nl_cut(const uint8_t *bytes, size_t len, size_t most)
{
	const struct nlmsghdr *message;
	size_t at = 0;

	while ((message = nl_message_at(bytes, len, at))) {
		size_t next = UK_MIN(at + NLMSG_ALIGN(message->nlmsg_len), len);

		if (at && next > most)
			break;
		at = next;
	}
	return at;
}
