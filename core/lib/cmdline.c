/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel command line tokenizer; <uk/cmdline.h> has the grammar. Words are unquoted into the
 * place they came from: a word never grows, and its terminator falls on the blank that ended it
 * or on a quote that is gone, so writing stays behind reading.
 */
#include <uk/cmdline.h>

/* One pass over a piece of the line. With `write` NULL nothing is changed. */
struct lexer {
	char *read, *end;
	char *write;
	char *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void put(struct lexer *lex, char c)
{
	if (lex->write)
		*lex->write++ = c;
}

static void skip_blanks(struct lexer *lex)
{
	while (lex->read < lex->end && is_blank(*lex->read))
		lex->read++;
}

static enum uk_cmdline_status fail(struct lexer *lex, enum uk_cmdline_status status, char *where)
{
	lex->error = where;
	return status;
}

/* From an opening quote to behind the closing one. */
static enum uk_cmdline_status lex_quoted(struct lexer *lex)
{
	char *open = lex->read++;
	const char quote = *open; /* unquoting in place may overwrite it */

	for (; lex->read < lex->end && *lex->read != quote; lex->read++) {
		char c = *lex->read;

		/* Within double quotes a backslash only quotes what would be special there. */
		if (c == '\\' && quote == '"' && lex->read + 1 < lex->end) {
			char escaped = lex->read[1];

			if (escaped == '"' || escaped == '\\' || escaped == '$' || escaped == '`') {
				c = escaped;
				lex->read++;
			}
		}
		put(lex, c);
	}
	if (lex->read == lex->end)
		return fail(lex, UK_CMDLINE_OPEN_QUOTE, open);
	lex->read++;
	return UK_CMDLINE_OK;
}

/* Does a bare `]` at `at` close a list? */
static bool closes_list(const struct lexer *lex, const char *at)
{
	return *at == ']' && (at + 1 == lex->end || is_blank(at[1]));
}

/* One shell word up to a blank, the end, or (in a list) the closing bracket. */
static enum uk_cmdline_status lex_word(struct lexer *lex, bool in_list)
{
	while (lex->read < lex->end && !is_blank(*lex->read)) {
		enum uk_cmdline_status status = UK_CMDLINE_OK;
		char c = *lex->read;

		if (in_list && closes_list(lex, lex->read))
			break;
		if (c == '\'' || c == '"') {
			status = lex_quoted(lex);
		} else if (c == '\\') {
			if (lex->read + 1 == lex->end)
				status = fail(lex, UK_CMDLINE_TRAILING_BACKSLASH, lex->read);
			else
				put(lex, lex->read[1]);
			lex->read += 2;
		} else {
			put(lex, c);
			lex->read++;
		}
		if (status != UK_CMDLINE_OK)
			return status;
	}
	return UK_CMDLINE_OK;
}

char *uk_cmdline_cut_last(char *line, const char *prefix)
{
	char *end = line, *word;

	while (*end)
		end++;
	while (end > line && is_blank(end[-1]))
		end--;
	word = end;
	while (word > line && !is_blank(word[-1]))
		word--;
	for (size_t i = 0; prefix[i]; i++)
		if (word + i >= end || word[i] != prefix[i])
			return NULL;
	*end = '\0';
	if (word > line)
		word[-1] = '\0';
	return word;
}

enum uk_cmdline_status uk_cmdline_open(struct uk_cmdline *cmdline, char *line)
{
	struct lexer lex = {.read = line, .end = line};

	while (*lex.end)
		lex.end++;
	*cmdline =
		(struct uk_cmdline){.line = line, .next = line, .params_end = line, .args = line};
	for (;;) {
		enum uk_cmdline_status status;
		char *start;

		skip_blanks(&lex);
		start = lex.read;
		if (start == lex.end)
			return UK_CMDLINE_OK;
		status = lex_word(&lex, false);
		if (status != UK_CMDLINE_OK) {
			cmdline->error_offset = (size_t)(lex.error - line);
			return status;
		}
		if (lex.read - start == 2 && start[0] == '-' && start[1] == '-') {
			cmdline->has_separator = true;
			cmdline->params_end = start;
			cmdline->args = lex.read;
			return UK_CMDLINE_OK;
		}
	}
}

/* The items of a list; lex->read is behind the `[`. */
static enum uk_cmdline_status lex_list(struct lexer *lex, char **items, unsigned int max_items,
				       unsigned int *count)
{
	char *open = lex->read - 1;

	for (*count = 0;; (*count)++) {
		enum uk_cmdline_status status;

		skip_blanks(lex);
		if (lex->read == lex->end)
			return fail(lex, UK_CMDLINE_OPEN_LIST, open);
		if (closes_list(lex, lex->read)) {
			lex->read++;
			return UK_CMDLINE_OK;
		}
		if (*count == max_items)
			return fail(lex, UK_CMDLINE_TOO_MANY_ITEMS, lex->read);
		lex->write = lex->read;
		items[*count] = lex->write;
		status = lex_word(lex, true);
		if (status != UK_CMDLINE_OK)
			return status;
		if (lex->read == lex->end)
			return fail(lex, UK_CMDLINE_OPEN_LIST, open);
		/* The item's terminator may be the very bracket that closes the list. */
		if (closes_list(lex, lex->read)) {
			lex->read++;
			(*count)++;
			*lex->write = '\0';
			return UK_CMDLINE_OK;
		}
		lex->read++;
		*lex->write = '\0';
	}
}

static bool is_list_start(const struct lexer *lex)
{
	const char *at = lex->read;

	while (at < lex->end && !is_blank(*at) && *at != '=' && *at != '\'' && *at != '"')
		at++;
	return at + 1 < lex->end && at[0] == '=' && at[1] == '[';
}

static enum uk_cmdline_status lex_param(struct lexer *lex, struct uk_cmdline_param *param,
					char **items, unsigned int max_items)
{
	enum uk_cmdline_status status;

	lex->write = lex->read;
	param->name = lex->write;
	if (*lex->read == '=')
		return fail(lex, UK_CMDLINE_NO_NAME, lex->read);
	if (is_list_start(lex)) {
		param->is_list = true;
		while (*lex->read != '=')
			lex->read++;
		*lex->read = '\0';
		lex->read += 2;
		return lex_list(lex, items, max_items, &param->item_count);
	}
	status = lex_word(lex, false);
	if (status != UK_CMDLINE_OK)
		return status;
	/* Step over the blank before it becomes the terminator. */
	if (lex->read < lex->end)
		lex->read++;
	*lex->write = '\0';
	for (char *at = param->name; *at; at++) {
		if (*at == '=') {
			*at = '\0';
			param->value = at + 1;
			break;
		}
	}
	return UK_CMDLINE_OK;
}

enum uk_cmdline_status uk_cmdline_next(struct uk_cmdline *cmdline, struct uk_cmdline_param *param,
				       char **items, unsigned int max_items)
{
	struct lexer lex = {.read = cmdline->next, .end = cmdline->params_end};
	enum uk_cmdline_status status;

	skip_blanks(&lex);
	if (lex.read >= lex.end) {
		cmdline->next = cmdline->params_end;
		return UK_CMDLINE_END;
	}
	*param = (struct uk_cmdline_param){.offset = (size_t)(lex.read - cmdline->line)};
	status = lex_param(&lex, param, items, max_items);
	cmdline->next = lex.read;
	if (status != UK_CMDLINE_OK)
		cmdline->error_offset = (size_t)(lex.error - cmdline->line);
	return status;
}

enum uk_cmdline_status uk_cmdline_args(struct uk_cmdline *cmdline, char **argv,
				       unsigned int max_args, unsigned int *argc)
{
	struct lexer lex = {.read = cmdline->args, .end = cmdline->args};

	while (*lex.end)
		lex.end++;
	for (*argc = 0;; (*argc)++) {
		enum uk_cmdline_status status;

		skip_blanks(&lex);
		if (lex.read == lex.end)
			return UK_CMDLINE_OK;
		if (*argc == max_args) {
			status = fail(&lex, UK_CMDLINE_TOO_MANY_ITEMS, lex.read);
		} else {
			argv[*argc] = lex.write = lex.read;
			status = lex_word(&lex, false);
		}
		if (status != UK_CMDLINE_OK) {
			cmdline->error_offset = (size_t)(lex.error - cmdline->line);
			return status;
		}
		if (lex.read < lex.end)
			lex.read++;
		*lex.write = '\0';
	}
}

const char *uk_cmdline_status_text(enum uk_cmdline_status status)
{
	switch (status) {
	case UK_CMDLINE_OPEN_QUOTE:
		return "a quote is not closed";
	case UK_CMDLINE_TRAILING_BACKSLASH:
		return "the line ends in a backslash";
	case UK_CMDLINE_OPEN_LIST:
		return "a list has no closing ]";
	case UK_CMDLINE_TOO_MANY_ITEMS:
		return "too many items";
	case UK_CMDLINE_NO_NAME:
		return "a value has no name before =";
	default:
		return "no error";
	}
}
