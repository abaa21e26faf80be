/* SPDX-License-Identifier: BSD-3-Clause */
/* `netdev.ip=`; see <uk/netconf.h>. Pure. */
#include <linux/errno.h>
#include <uk/netconf.h>
#include <uk/string.h>

/* One decimal number up to `max` in [*at, end), without a sign or leading zeros. */
static int take_number(const char **at, const char *end, unsigned int max, unsigned int *value)
{
	const char *start = *at;

	*value = 0;
	for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
		*value = 10 * *value + (unsigned int)(**at - '0');
		if (*value > max)
			return -EINVAL;
	}
	return *at == start || (*start == '0' && *at - start > 1) ? -EINVAL : 0;
}

int netconf_parse_ip4(const char *text, size_t len, uint32_t *address)
{
	const char *end = text + len;
	uint32_t result = 0;
	unsigned int byte;

	for (unsigned int i = 0; i < 4; i++) {
		if (i && (text == end || *text++ != '.'))
			return -EINVAL;
		if (take_number(&text, end, 255, &byte))
			return -EINVAL;
		result = result << 8 | byte;
	}
	if (text != end)
		return -EINVAL;
	*address = result;
	return 0;
}

static int parse_cidr(const char *text, size_t len, struct netconf *conf)
{
	const char *slash = memchr(text, '/', len), *at;

	if (!slash || netconf_parse_ip4(text, (size_t)(slash - text), &conf->address))
		return -EINVAL;
	at = slash + 1;
	if (take_number(&at, text + len, 32, &conf->prefix_len) || at != text + len)
		return -EINVAL;
	return conf->address ? 0 : -EINVAL;
}

/* Letters, digits, dots and dashes (RFC 1123, 2.1): what may stand in a file of names. */
static int parse_name(const char *text, size_t len, char *name)
{
	if (len >= NETCONF_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool is_alnum =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_alnum && c != '.' && c != '-' && c != '_')
			return -EINVAL;
	}
	memcpy(name, text, len);
	name[len] = '\0';
	return 0;
}

static int parse_field(unsigned int field, const char *text, size_t len, struct netconf *conf,
		       const char **why)
{
	static const char *const problems[] = {
		"the address is not A.B.C.D/PREFIX",
		"the gateway is not an IPv4 address",
		"the first DNS server is not an IPv4 address",
		"the second DNS server is not an IPv4 address",
		"the host name is too long, or has odd characters",
		"the domain is too long, or has odd characters",
		"too many fields",
	};

	*why = problems[UK_MIN(field, UK_ARRAY_SIZE(problems) - 1)];
	if (!len && field > 0 && field < 6)
		return 0;
	switch (field) {
	case 0:
		return parse_cidr(text, len, conf);
	case 1:
		return netconf_parse_ip4(text, len, &conf->gateway);
	case 2:
	case 3:
		return netconf_parse_ip4(text, len, &conf->dns[conf->dns[0] ? 1 : 0]);
	case 4:
		return parse_name(text, len, conf->hostname);
	case 5:
		return parse_name(text, len, conf->domain);
	default:
		return -EINVAL;
	}
}

int netconf_parse(const char *text, struct netconf *conf, const char **why)
{
	*conf = (struct netconf){.mode = NETCONF_STATIC};
	if (!*text || !strcmp(text, "dhcp")) {
		conf->mode = NETCONF_DHCP;
		return 0;
	}
	if (!strcmp(text, "off")) {
		conf->mode = NETCONF_OFF;
		return 0;
	}
	for (unsigned int field = 0;; field++) {
		size_t len = strcspn(text, ":");

		if (parse_field(field, text, len, conf, why))
			return -EINVAL;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}
