/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel symbol table: lookups in a good one, and no access outside a damaged one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/ksyms.h>

#define COUNT 40
#define STEP  0x20

/* 128 and 129 are pairs of characters, 130 is both: "func". */
static const uint8_t pairs[3][2] = {{'f', 'u'}, {'n', 'c'}, {128, 129}};

/* Packs names like "function_07" the way gen-ksyms does. */
static size_t make_table(unsigned char *out)
{
	uint32_t *header = (uint32_t *)out, *groups = header + 2 + 256 / 4;
	uint16_t *distances = (uint16_t *)(groups + 2 * 3);
	unsigned char *names = (unsigned char *)(distances + COUNT), *p = names;
	char before[32] = "";

	header[0] = COUNT;
	header[1] = (COUNT + 1) * STEP;
	memset(header + 2, 0, 256);
	memcpy(header + 2, pairs, sizeof(pairs));
	for (uint32_t i = 0; i < COUNT; i++) {
		char name[32];
		size_t shared = 0;

		snprintf(name, sizeof(name), "function_%02u", i);
		distances[i] = (uint16_t)(i % 16 * STEP);
		if (i % 16 == 0) {
			groups[i / 16 * 2] = (i + 1) * STEP;
			groups[i / 16 * 2 + 1] = (uint32_t)(p - names);
			*p++ = 0;
			*p++ = 130;
			strcpy((char *)p, name + 4);
			p += strlen(name + 4) + 1;
		} else {
			while (name[shared] && name[shared] == before[shared])
				shared++;
			*p++ = (unsigned char)shared;
			strcpy((char *)p, name + shared);
			p += strlen(name + shared) + 1;
		}
		strcpy(before, name);
	}
	return (size_t)(p - out);
}

static void test_lookup(void **state)
{
	static unsigned char table[4096] __attribute__((aligned(8)));
	size_t bytes = make_table(table);
	struct ksym sym;

	for (uint32_t i = 0; i < COUNT; i++) {
		for (uint32_t inside = 0; inside < STEP; inside += STEP - 1) {
			char want[32];

			snprintf(want, sizeof(want), "function_%02u", i);
			assert_true(ksyms_find(table, bytes, (i + 1) * STEP + inside, &sym));
			assert_string_equal(sym.name, want);
			assert_int_equal(sym.offset, (i + 1) * STEP);
		}
	}
	assert_false(ksyms_find(table, bytes, STEP - 1, &sym));
	assert_false(ksyms_find(table, bytes, (COUNT + 1) * STEP, &sym));
}

static void test_empty(void **state)
{
	static const uint32_t empty[2];
	struct ksym sym;

	assert_false(ksyms_find(empty, sizeof(empty), 0, &sym));
	assert_false(ksyms_find(empty, 0, 0, &sym));
}

/* Every single damaged byte and every cut, in a buffer of exactly that size (ASan watches). */
static void test_damage(void **state)
{
	static unsigned char good[4096] __attribute__((aligned(8)));
	size_t bytes = make_table(good);
	struct ksym sym;

	for (size_t cut = 0; cut < bytes; cut++) {
		unsigned char *copy = malloc(cut ? cut : 1);

		memcpy(copy, good, cut);
		for (uint32_t offset = 0; offset < (COUNT + 2) * STEP; offset += STEP)
			ksyms_find(copy, cut, offset, &sym);
		free(copy);
	}
	for (size_t i = 0; i < bytes; i++) {
		unsigned char *copy = malloc(bytes);

		memcpy(copy, good, bytes);
		copy[i] ^= 0xff;
		for (uint32_t offset = 0; offset < (COUNT + 2) * STEP; offset += STEP)
			if (ksyms_find(copy, bytes, offset, &sym))
				assert_true(strlen(sym.name) < KSYMS_MAX_NAME);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
