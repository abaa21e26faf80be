/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameter values out of text, and the search for what a misspelt name may have meant. Pure. */
#include <linux/errno.h>
#include <uk/fmt.h>
#include <uk/string.h>
#include "param_table.h"

#define NAME_MAX_COMPARED 32

const struct uk_param *param_find(const struct param_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->first[i].name, name))
			return &table->first[i];
	return NULL;
}

/* Levenshtein distance, bounded by NAME_MAX_COMPARED characters of each. */
static unsigned int edit_distance(const char *a, const char *b)
{
	size_t a_len = strnlen(a, NAME_MAX_COMPARED), b_len = strnlen(b, NAME_MAX_COMPARED);
	unsigned int row[NAME_MAX_COMPARED + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = UK_MIN(replaced, UK_MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

/* "fstab" for "vfs.fstab": the part behind the last dot. */
static bool is_last_part(const char *full, const char *name)
{
	const char *dot = strrchr(full, '.');

	return dot && !strcmp(dot + 1, name);
}

const char *param_closest(const struct param_table *table, const char *name)
{
	unsigned int best = 3; /* more typing errors than two name something else */
	const char *found = NULL;

	for (size_t i = 0; i < table->count; i++) {
		const char *known = table->first[i].name;
		unsigned int distance = edit_distance(known, name);

		if (is_last_part(known, name))
			return known;
		if (distance < best && distance < strlen(known)) {
			best = distance;
			found = known;
		}
	}
	return found;
}

static int set_bool(bool *variable, const char *value)
{
	static const char words[][2][8] = {
		{"off", "on"}, {"0", "1"}, {"no", "yes"}, {"false", "true"}, {"n", "y"}};

	if (!value) {
		*variable = true;
		return 0;
	}
	for (size_t i = 0; i < UK_ARRAY_SIZE(words); i++) {
		for (int on = 0; on <= 1; on++) {
			if (!strcmp(value, words[i][on])) {
				*variable = on;
				return 0;
			}
		}
	}
	return -EINVAL;
}

static int set_u64(uint64_t *variable, const char *value)
{
	static const char suffixes[] = "kmgKMG";
	char digits[32];
	size_t len = value ? strlen(value) : 0;
	unsigned int shift = 0;
	uint64_t number;
	int error;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, value, len + 1);
	for (unsigned int i = 0; i < 6; i++) {
		if (digits[len - 1] == suffixes[i]) {
			shift = 10 * (i % 3 + 1);
			digits[len - 1] = '\0';
			break;
		}
	}
	error = uk_parse_u64(digits, 0, &number);
	if (error)
		return error;
	if (number > UINT64_MAX >> shift)
		return -ERANGE;
	*variable = number << shift;
	return 0;
}

static int append_list(struct uk_param_list *list, const char *value)
{
	if (!value)
		return -EINVAL;
	if (list->count == UK_PARAM_MAX_LIST)
		return -E2BIG;
	list->items[list->count++] = value;
	return 0;
}

int param_set(const struct uk_param *param, const char *value)
{
	switch (param->type) {
	case UK_PARAM_BOOL:
		return set_bool(param->value, value);
	case UK_PARAM_U64:
		return set_u64(param->value, value);
	case UK_PARAM_LIST:
		return append_list(param->value, value);
	case UK_PARAM_STRING:
		break;
	}
	if (!value)
		return -EINVAL;
	*(const char **)param->value = value;
	return 0;
}

const char *param_type_text(enum uk_param_type type)
{
	switch (type) {
	case UK_PARAM_BOOL:
		return "on or off (1/0, yes/no, true/false)";
	case UK_PARAM_U64:
		return "a number (decimal, 0x.. or with K, M, G)";
	case UK_PARAM_LIST:
		return "a list: [ \"a\" \"b\" ]";
	case UK_PARAM_STRING:
		break;
	}
	return "a text";
}
