/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of the kernel parameter vfs.fstab. Pure. */
#include <linux/errno.h>
#include <linux/mount.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include "rootfs.h"

static const struct {
	char name[9];
	unsigned int flag;
} flag_names[] = {
	{"rw", 0},           {"ro", MS_RDONLY},     {"nosuid", MS_NOSUID},
	{"nodev", MS_NODEV}, {"noexec", MS_NOEXEC}, {"noatime", MS_NOATIME},
	{"mkmp", 0}, /* make the mount point: always done */
};

static char *next_field(char **rest, char separator)
{
	char *field = *rest;
	char *end = field ? strchr(field, separator) : NULL;

	if (end)
		*end++ = '\0';
	*rest = end;
	return field;
}

static bool parse_flag_name(const char *name, unsigned int *flags)
{
	for (size_t i = 0; i < UK_ARRAY_SIZE(flag_names); i++)
		if (!strcmp(name, flag_names[i].name)) {
			*flags |= flag_names[i].flag;
			return true;
		}
	return false;
}

static bool parse_flags(char *text, unsigned int *flags)
{
	uint64_t number;

	*flags = 0;
	if (!text || !*text)
		return true;
	if (!uk_parse_u64(text, 0, &number)) {
		*flags = (unsigned int)number;
		return number <= UINT32_MAX;
	}
	while (text)
		if (!parse_flag_name(next_field(&text, ','), flags))
			return false;
	return true;
}

int fstab_parse(char *text, struct fstab_entry *entry, const char **why)
{
	char *rest = text, *flags;

	entry->source = next_field(&rest, ':');
	entry->mountpoint = next_field(&rest, ':');
	entry->driver = next_field(&rest, ':');
	flags = next_field(&rest, ':');
	entry->options = rest && *rest ? rest : NULL;
	*why = NULL;
	if (!entry->driver || !*entry->driver)
		*why = "want source:mountpoint:driver[:flags:options]";
	else if (entry->mountpoint[0] != '/')
		*why = "the mount point is not an absolute path";
	else if (!parse_flags(flags, &entry->flags))
		*why = "unknown flag (ro, rw, nosuid, nodev, noexec, noatime, mkmp or a number)";
	return *why ? -EINVAL : 0;
}
