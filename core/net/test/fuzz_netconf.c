/* SPDX-License-Identifier: BSD-3-Clause */
/* Any text for netdev.ip=: it is taken whole or refused with a reason. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uk/netconf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct netconf conf;
	const char *why = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	if (netconf_parse(text, &conf, &why)) {
		assert(why && *why);
	} else {
		assert(conf.prefix_len <= 32);
		assert(conf.mode != NETCONF_STATIC || conf.address);
		assert(!strpbrk(conf.hostname, " \n\t/") && !strpbrk(conf.domain, " \n\t/"));
	}
	free(text);
	return 0;
}
