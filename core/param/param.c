/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel parameters: takes the command line apart (<uk/cmdline.h>) and sets the variables that
 * UK_PARAM() declared. Anything it does not understand ends the boot: a parameter that is
 * silently ignored is worse than one that is refused. Runs once, before other threads exist.
 */
#define UK_LOG_NAME "command line: "
#include <linux/errno.h>
#include <uk/cmdline.h>
#include <uk/param.h>
#include <uk/print.h>
#include <uk/string.h>
#include "param_table.h"

/* As long as any boot protocol hands over; the strings of all parameters stay in here. */
#define MAX_LINE 4096
#define MAX_ARGS 512

/* The linker script's bounds of section .uk_params. */
extern const struct uk_param uk_params_start[], uk_params_end[];

/* What machines append to the line, behind the program's arguments: QEMU's microvm, Firecracker. */
static const char machine_word[] = "virtio_mmio.device=";

static char line[MAX_LINE];
static char *program_argv[MAX_ARGS + 1];
static unsigned int program_argc;

static void report_unknown(const struct param_table *table, const char *name)
{
	const char *closest = param_closest(table, name);

	uk_pr_err("unknown parameter `%s'%s%s%s\n", name, closest ? "; did you mean `" : "",
		  closest ? closest : "", closest ? "'?" : "");
	if (closest)
		return;
	uk_pr_err("known parameters:\n");
	for (size_t i = 0; i < table->count; i++)
		uk_pr_err("  %s: %s\n", table->first[i].name, table->first[i].help);
}

static int apply_value(const struct uk_param *param, const char *value)
{
	int error = param_set(param, value);

	if (error == -E2BIG)
		uk_pr_err("%s has more than %u items\n", param->name, UK_PARAM_MAX_LIST);
	else if (error && !value)
		uk_pr_err("%s needs a value: %s\n", param->name, param_type_text(param->type));
	else if (error)
		uk_pr_err("%s=%s%s: it takes %s\n", param->name, value,
			  error == -ERANGE ? " is out of range" : " is not valid",
			  param_type_text(param->type));
	return error ? -EINVAL : 0;
}

static int apply(const struct param_table *table, const struct uk_cmdline_param *given,
		 char *const *items)
{
	const struct uk_param *param = param_find(table, given->name);
	int error = 0;

	if (!param) {
		report_unknown(table, given->name);
		return -EINVAL;
	}
	if (!given->is_list)
		return apply_value(param, given->value);
	if (param->type != UK_PARAM_LIST) {
		uk_pr_err("%s takes %s, not a list\n", param->name, param_type_text(param->type));
		return -EINVAL;
	}
	for (unsigned int i = 0; i < given->item_count && !error; i++)
		error = apply_value(param, items[i]);
	return error;
}

static int report_syntax(const struct uk_cmdline *cmdline, enum uk_cmdline_status status,
			 const char *original)
{
	uk_pr_err("%s, at character %lu: %.40s\n", uk_cmdline_status_text(status),
		  cmdline->error_offset + 1, original + cmdline->error_offset);
	return -EINVAL;
}

/* Without `--` all of the line is the program's; say so when it does not look meant. */
static void hint_separator(const struct param_table *table)
{
	const char *equals = program_argc ? strchr(program_argv[0], '=') : NULL;
	char name[32];

	if (!equals || (size_t)(equals - program_argv[0]) >= sizeof(name))
		return;
	strlcpy(name, program_argv[0], (size_t)(equals - program_argv[0]) + 1);
	if (param_find(table, name))
		uk_pr_warn("no `--': `%s' is taken for the program; write `%s ... -- program'\n",
			   program_argv[0], program_argv[0]);
}

/* Takes the machine's own words off the end of the line and sets them, the first one first.
 * *rest is what remains. */
static int take_machine_words(const struct param_table *table, char **rest)
{
	char *words[UK_PARAM_MAX_LIST], *word;
	unsigned int count = 0;
	int error = 0;

	*rest = line;
	while (count < UK_PARAM_MAX_LIST && *rest == line &&
	       (word = uk_cmdline_cut_last(line, machine_word))) {
		words[count++] = word;
		if (word == line) /* nothing else was there */
			*rest = line + strlen(line);
	}
	while (count-- && !error) {
		struct uk_cmdline_param given = {.name = words[count]};

		given.value = strchr(given.name, '=');
		*given.value++ = '\0';
		error = apply(table, &given, NULL);
	}
	return error;
}

int param_init(const char *cmdline_text)
{
	const struct param_table table = {uk_params_start,
					  (size_t)(uk_params_end - uk_params_start)};
	static char *items[UK_PARAM_MAX_LIST];
	enum uk_cmdline_status status;
	struct uk_cmdline_param given;
	struct uk_cmdline cmdline;
	char *rest;
	int error;

	if (strlcpy(line, cmdline_text, sizeof(line)) >= sizeof(line)) {
		uk_pr_err("longer than %u characters\n", MAX_LINE - 1);
		return -EINVAL;
	}
	error = take_machine_words(&table, &rest);
	if (error)
		return error;
	status = uk_cmdline_open(&cmdline, rest);
	if (status != UK_CMDLINE_OK)
		return report_syntax(&cmdline, status, cmdline_text);
	for (;;) {
		status = uk_cmdline_next(&cmdline, &given, items, UK_PARAM_MAX_LIST);
		if (status != UK_CMDLINE_OK)
			break;
		error = apply(&table, &given, items);
		if (error)
			return error;
	}
	if (status == UK_CMDLINE_END)
		status = uk_cmdline_args(&cmdline, program_argv, MAX_ARGS, &program_argc);
	if (status != UK_CMDLINE_OK)
		return report_syntax(&cmdline, status, cmdline_text);
	program_argv[program_argc] = NULL;
	if (!cmdline.has_separator)
		hint_separator(&table);
	return 0;
}

unsigned int param_program_argc(void)
{
	return program_argc;
}

char *const *param_program_argv(void)
{
	return program_argv;
}
