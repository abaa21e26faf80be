/* SPDX-License-Identifier: BSD-3-Clause */
/* DHCP options as bytes (RFC 2132). Pure. */
#include <uk/string.h>
#include "dhcp_options.h"

#define OPTION_PAD          0
#define OPTION_REQUEST_LIST 55
#define OPTION_END          255

uint16_t dhcp_request_options(uint8_t *options, uint16_t len, uint16_t max, const uint8_t *codes,
			      uint8_t count)
{
	uint16_t at = 0, end;

	while (at + 1 < len && options[at] != OPTION_REQUEST_LIST) {
		if (options[at] == OPTION_END)
			return len;
		at = (uint16_t)(at + (options[at] == OPTION_PAD ? 1 : 2 + options[at + 1]));
	}
	if (at + 1 >= len || len + count > max || options[at + 1] + count > UINT8_MAX)
		return len;
	end = (uint16_t)(at + 2 + options[at + 1]);
	if (end > len)
		return len;
	memmove(options + end + count, options + end, (size_t)(len - end));
	memcpy(options + end, codes, count);
	options[at + 1] = (uint8_t)(options[at + 1] + count);
	return (uint16_t)(len + count);
}

bool dhcp_domain_is_valid(const char *domain)
{
	for (const char *p = domain; *p; p++) {
		bool is_alnum = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
				(*p >= 'A' && *p <= 'Z');

		if (!is_alnum && *p != '.' && *p != '-' && *p != '_')
			return false;
	}
	return domain[0] != '\0';
}
