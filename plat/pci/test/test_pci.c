/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding PCI functions and what they say about themselves, true or not. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "machine.h"

#define VIRTIO 0x10411af4

static void note(const struct ukplat_pci_device *dev, void *ctx)
{
	char *text = ctx;

	sprintf(text + strlen(text), "%x:%x.%x ", dev->bus, dev->slot, dev->function);
}

static const char *found(void)
{
	static char text[256];

	text[0] = '\0';
	ukplat_pci_scan(note, text);
	return text;
}

static void make_bridge(struct function *f, uint8_t below)
{
	f->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	f->config[PCI_SECONDARY_BUS] = below;
}

static void test_scan(void **state)
{
	machine_reset();
	machine_add(0, 3, 0, VIRTIO);
	machine_add(0, 31, 0, VIRTIO)->config[PCI_HEADER_TYPE] = 0x80;
	machine_add(0, 31, 5, VIRTIO);
	machine_add(0, 3, 1, VIRTIO); /* function 0 says that there is only itself */
	assert_string_equal(found(), "0:3.0 0:1f.0 0:1f.5 ");
}

static void test_scan_behind_bridges(void **state)
{
	machine_reset();
	make_bridge(machine_add(0, 1, 0, 0x12345678), 7);
	make_bridge(machine_add(7, 0, 0, 0x12345678), 200);
	make_bridge(machine_add(200, 0, 0, 0x12345678), 7); /* back to where we came from */
	machine_add(200, 4, 0, VIRTIO);
	machine_add(9, 0, 0, VIRTIO); /* no bridge leads there */
	assert_string_equal(found(), "c8:4.0 ");
}

static struct function *with_bars(void)
{
	struct function *f;

	machine_reset();
	f = machine_add(0, 1, 0, VIRTIO);
	machine_set32(f, PCI_BASE_ADDRESS_0, 0xc001); /* 32 ports */
	f->bar_mask[0] = 0xffffffe0;
	machine_set32(f, PCI_BASE_ADDRESS_1, 0xfeb00000); /* 4 KiB below 4 GiB */
	f->bar_mask[1] = 0xfffff000;
	machine_set32(f, PCI_BASE_ADDRESS_4, 0xc000000c); /* 16 KiB, 64 bits, prefetchable */
	machine_set32(f, PCI_BASE_ADDRESS_5, 0x00000004);
	f->bar_mask[4] = 0xffffc000;
	f->bar_mask[5] = 0xffffffff;
	return f;
}

static void test_bars(void **state)
{
	struct function *f = with_bars();
	struct ukplat_pci_bar bar;

	machine_set32(f, PCI_COMMAND, 0xffff0007);
	assert_int_equal(ukplat_pci_bar(&f->at, 0, &bar), 0);
	assert_true(bar.is_io);
	assert_int_equal(bar.base, 0xc000);
	assert_int_equal(bar.len_bytes, 32);
	assert_int_equal(ukplat_pci_bar(&f->at, 1, &bar), 0);
	assert_int_equal(bar.base, 0xfeb00000);
	assert_int_equal(bar.len_bytes, 4096);
	assert_int_equal(ukplat_pci_bar(&f->at, 4, &bar), 0);
	assert_int_equal(bar.base, 0x4c0000000);
	assert_int_equal(bar.len_bytes, 16384);
	assert_int_equal(ukplat_pci_bar(&f->at, 2, &bar), -ENXIO);
	assert_int_equal(ukplat_pci_bar(&f->at, 6, &bar), -EINVAL);
	/* All is as it was. */
	assert_int_equal(ukplat_pci_read(&f->at, PCI_BASE_ADDRESS_1), 0xfeb00000);
	assert_int_equal(ukplat_pci_read16(&f->at, PCI_COMMAND), 7);
}

static void test_impossible_bars(void **state)
{
	struct function *f = with_bars();
	struct ukplat_pci_bar bar;

	f->bar_mask[1] = 0xff0ff000; /* not a power of two */
	assert_int_equal(ukplat_pci_bar(&f->at, 1, &bar), -EINVAL);
	f->bar_mask[1] = 0xffff0000; /* 64 KiB, but at a multiple of 4 KiB only */
	machine_set32(f, PCI_BASE_ADDRESS_1, 0xfeb01000);
	assert_int_equal(ukplat_pci_bar(&f->at, 1, &bar), -EINVAL);
	machine_set32(f, PCI_BASE_ADDRESS_5, 0xfe000004); /* the upper half would be outside */
	assert_int_equal(ukplat_pci_bar(&f->at, 5, &bar), -EINVAL);
}

static void test_map(void **state)
{
	struct function *f = with_bars();

	assert_non_null(ukplat_pci_map(&f->at, 1, 0xffc, 4));
	assert_int_equal(machine_mapped_at, 0xfeb00ffc);
	assert_null(ukplat_pci_map(&f->at, 1, 0xffd, 4));
	assert_null(ukplat_pci_map(&f->at, 1, 0xfffffffc, 8));
	assert_null(ukplat_pci_map(&f->at, 1, 0, 4097));
	assert_null(ukplat_pci_map(&f->at, 1, 0, 0));
	assert_null(ukplat_pci_map(&f->at, 0, 0, 4)); /* ports */
	assert_null(ukplat_pci_map(&f->at, 2, 0, 4));
	assert_null(ukplat_pci_map(&f->at, 7, 0, 4));
}

static void put_capability(struct function *f, uint8_t at, uint8_t id, uint8_t next)
{
	f->config[at] = id;
	f->config[at + 1] = next;
}

static void test_capabilities(void **state)
{
	struct function *f = with_bars();

	put_capability(f, 0x40, PCI_CAP_ID_VNDR, 0x50);
	put_capability(f, 0x50, PCI_CAP_ID_MSIX, 0x60);
	put_capability(f, 0x60, PCI_CAP_ID_VNDR, 0);
	f->config[PCI_CAPABILITY_LIST] = 0x40;
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_VNDR, 0), 0); /* no list */
	f->config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_VNDR, 0), 0x40);
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_VNDR, 0x40), 0x60);
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_VNDR, 0x60), 0);
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_MSIX, 0), 0x50);
	assert_int_equal(ukplat_pci_capability(&f->at, 0x77, 0), 0);
	put_capability(f, 0x60, PCI_CAP_ID_VNDR, 0x40); /* a circle */
	assert_int_equal(ukplat_pci_capability(&f->at, 0x77, 0), 0);
	put_capability(f, 0x60, PCI_CAP_ID_VNDR, 0x10); /* into the header */
	assert_int_equal(ukplat_pci_capability(&f->at, PCI_CAP_ID_VNDR, 0x60), 0);
	put_capability(f, 0xfc, 0x77, 0xff);
	put_capability(f, 0x60, PCI_CAP_ID_VNDR, 0xff); /* its low bits do not count */
	assert_int_equal(ukplat_pci_capability(&f->at, 0x77, 0), 0xfc);
}

static struct function *with_msix(uint16_t control, uint32_t where)
{
	struct function *f = with_bars();

	put_capability(f, 0x40, PCI_CAP_ID_MSIX, 0);
	f->config[PCI_CAPABILITY_LIST] = 0x40;
	f->config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	memcpy(f->config + 0x42, &control, 2);
	machine_set32(f, 0x44, where);
	return f;
}

static void test_msix(void **state)
{
	const struct ukplat_msi msi = {0xfee01000, 0x41};
	struct function *f = with_msix(2, 0x801); /* 3 entries, BAR 1 + 0x800 */
	struct ukplat_pci_msix msix;
	uint32_t *table;

	assert_int_equal(ukplat_pci_msix_open(&f->at, &msix), 0);
	assert_int_equal(msix.entries, 3);
	assert_int_equal(machine_mapped_at, 0xfeb00800);
	assert_int_equal(machine_mapped_len, 48);
	table = (uint32_t *)msix.table;
	assert_int_equal(table[11], 1); /* masked */
	ukplat_pci_msix_set(&msix, 2, &msi);
	assert_int_equal(table[8], 0xfee01000);
	assert_int_equal(table[9], 0);
	assert_int_equal(table[10], 0x41);
	assert_int_equal(table[11], 0);
	ukplat_pci_msix_enable(&f->at, &msix);
	assert_int_equal(ukplat_pci_read16(&f->at, 0x42), 2 | PCI_MSIX_FLAGS_ENABLE);
	assert_int_equal(ukplat_pci_read16(&f->at, PCI_COMMAND), PCI_COMMAND_INTX_DISABLE);
	ukplat_pci_msix_disable(&f->at, &msix);
	assert_int_equal(ukplat_pci_read16(&f->at, 0x42), 2);
	assert_int_equal(ukplat_pci_read16(&f->at, PCI_COMMAND), 0);
}

static void test_impossible_msix(void **state)
{
	struct ukplat_pci_msix msix;
	struct function *f = with_msix(2047, 1); /* more than fit its BAR */

	assert_int_equal(ukplat_pci_msix_open(&f->at, &msix), -EINVAL);
	f = with_msix(0, 7); /* a BAR that cannot be */
	assert_int_equal(ukplat_pci_msix_open(&f->at, &msix), -EINVAL);
	f = with_bars();
	put_capability(f, 0xf8, PCI_CAP_ID_MSIX, 0); /* does not fit there */
	f->config[PCI_CAPABILITY_LIST] = 0xf8;
	f->config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	assert_int_equal(ukplat_pci_msix_open(&f->at, &msix), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan), cmocka_unit_test(test_scan_behind_bridges),
		cmocka_unit_test(test_bars), cmocka_unit_test(test_impossible_bars),
		cmocka_unit_test(test_map),  cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_msix), cmocka_unit_test(test_impossible_msix),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	machine_reset();
	return failed;
}
