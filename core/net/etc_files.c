/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that every resolver reads, where the root filesystem lacks them: /etc/hosts(5),
 * /etc/hostname(5), /etc/resolv.conf(5). Written by the boot and then by the net task alone.
 */
#include <linux/fcntl.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include <uk/uts.h>
#include <uk/vfs.h>
#include "net_internal.h"
#define UK_LOG_NAME "net: "
#include <uk/print.h>

#define TEXT_MAX 256

static bool resolv_conf_is_ours;

/* Text that is put together without a format: boot has no other use for one. */
static size_t append(char *text, size_t len, const char *more)
{
	return len + strlcpy(text + len, more, TEXT_MAX - len);
}

/* What is there stays as it is. */
void net_files_create(void)
{
	static char hostname[TEXT_MAX], hosts[TEXT_MAX];
	size_t len = append(hostname, append(hostname, 0, uts_nodename), "\n");

	vfs_provide_file("/etc", "hostname", hostname, len);
	len = append(hosts, 0, "127.0.0.1\tlocalhost\n127.0.1.1\t");
	len = append(hosts, len, uts_nodename);
	len = append(hosts, len, "\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	vfs_provide_file("/etc", "hosts", hosts, len);
	resolv_conf_is_ours = vfs_provide_file("/etc", "resolv.conf", "", 0) == 0;
}

void net_files_update(const struct netconf *conf)
{
	char text[TEXT_MAX];
	int len = 0;

	if (!resolv_conf_is_ours)
		return;
	if (conf->domain[0])
		len = uk_scnprintf(text, sizeof(text), "search %s\n", conf->domain);
	for (unsigned int i = 0; i < NETCONF_DNS_MAX; i++)
		if (conf->dns[i])
			len += uk_scnprintf(text + len, sizeof(text) - (size_t)len,
					    "nameserver %u.%u.%u.%u\n", conf->dns[i] >> 24,
					    conf->dns[i] >> 16 & 255, conf->dns[i] >> 8 & 255,
					    conf->dns[i] & 255);
	if (vfs_write_kernel("/etc/resolv.conf", O_TRUNC, text, (size_t)len))
		uk_pr_warn("/etc/resolv.conf cannot be written\n");
}
