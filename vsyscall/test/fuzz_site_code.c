/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a page of code: what is recognized lies on the page, keeps its old instruction
 * boundaries invalid when it is patched, and has a stub that leads back to its end. */
#include <stdlib.h>
#include <string.h>
#include "site_code.h"

#define SLOT 0xffffffffff601006

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct site_code *code)
{
	struct site_stub_place place = {
		.stub = 0xffffffffff601028, .kernel_entry = 0xffffffff80100000, .site = 0x400000};
	uint8_t jump[SITE_BYTES_MAX], stub[SITE_STUB_BYTES];
	size_t boundary = code->start ? code->start : 2;

	site_encode_jump(code, SLOT, jump);
	if (code->shape != SITE_MOV ? jump[boundary] != 0x65 || jump[boundary + 1] != 0x06
				    : jump[boundary] != 0x60 && jump[boundary] != 0x0f)
		abort();
	if (code->shape == SITE_CALL && jump[SITE_CALL_AT] != 0x60)
		abort();
	site_encode_stub(code, &place, stub);
	if (site_stub_settle(stub, 0) != place.site)
		abort();
	for (size_t i = 0; i < SITE_STUB_BYTES; i++) {
		uint64_t settled = site_stub_settle(stub, i);

		if (settled && (settled < place.site || settled > place.site + code->len) &&
		    i != site_stub_call(code) + 6)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct site_code code;

	for (size_t offset = 0; offset <= len; offset++) {
		uint64_t nr = len > 4 ? data[1] | (uint64_t)data[2] << 8 : 0;

		if (site_recognize(data, len, offset, nr, &code) != SITE_OK)
			continue;
		if (code.start > offset || offset - code.start + code.len > len ||
		    memcmp(code.bytes, data + offset - code.start, code.len) != 0)
			abort();
		check(&code);
	}
	return 0;
}
