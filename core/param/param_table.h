/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding and setting declared parameters in a given table: the part that is tested on the host. */
#ifndef PARAM_TABLE_H
#define PARAM_TABLE_H

#include <uk/param.h>

struct param_table {
	const struct uk_param *first;
	size_t count;
};

/** The parameter of that name, or NULL. */
const struct uk_param *param_find(const struct param_table *table, const char *name);

/** The known name that `name` is most likely a misspelling of, or NULL when none is close. */
const char *param_closest(const struct param_table *table, const char *name);

/**
 * Sets from one string; NULL means the bare name (true for a bool). A list gets one more item.
 * Numbers take 0x, 0 and the suffixes K, M, G (powers of 1024).
 * 0, -EINVAL (not a value of this type), -ERANGE, -E2BIG (list full).
 */
int param_set(const struct uk_param *param, const char *value);

/** "a number", "on or off", ...: what a parameter takes, for messages. */
const char *param_type_text(enum uk_param_type type);

#endif /* PARAM_TABLE_H */
