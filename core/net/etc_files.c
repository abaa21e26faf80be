/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that every resolver reads, where the root filesystem lacks them: /etc/hosts(5),
 * /etc/hostname(5), /etc/resolv.conf(5). Written by the boot and then by the net task alone.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include <uk/uts.h>
#include <uk/vfs.h>
#include "net_internal.h"
#define UK_LOG_NAME "net: "
#include <uk/print.h>

#define TEXT_MAX 512

static bool resolv_conf_is_ours;

/* What is there stays as it is; a read-only or strange tree is no reason to complain. */
static bool create(const char *name, const char *text, size_t len)
{
	return vfs_write_kernel(name, O_CREAT | O_EXCL, text, len) == 0;
}

void net_files_create(void)
{
	const struct vfs_name etc = {AT_FDCWD, "/etc", 0};
	char text[TEXT_MAX];
	int len;

	vfs_mkdir(&etc, 0755);
	len = uk_scnprintf(text, sizeof(text), "%s\n", uts_nodename);
	create("/etc/hostname", text, (size_t)len);
	len = uk_scnprintf(text, sizeof(text),
			   "127.0.0.1\tlocalhost\n127.0.1.1\t%s\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n",
			   uts_nodename);
	create("/etc/hosts", text, (size_t)len);
	resolv_conf_is_ours = create("/etc/resolv.conf", "", 0);
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
