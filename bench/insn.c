/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A QEMU TCG plugin that counts executed guest instructions: each translated block adds its
 * length inline. Unlike -icount it counts no idle time. And it counts the blocks that were
 * translated, those in the high half (a kernel's) apart: under TCG, translating is nearly all of
 * what a short run takes. Writes `insns N`, `high_blocks N` and `low_blocks N` to the file named by
 * the argument out=FILE when QEMU ends; live=FILE holds the three numbers, 64 bits each, all the
 * time, and behind them how often the instructions at the addresses at=ADDRESS, at=... were
 * executed. Debian packages no header for plugins, so the few functions of the version 1 interface
 * are declared here. One vCPU only: the sum is not atomic.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*atexit_cb)(qemu_plugin_id_t id, void *arg);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
						     enum qemu_plugin_op op, void *ptr,
						     uint64_t value);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						       enum qemu_plugin_op op, void *ptr,
						       uint64_t value);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
							size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, atexit_cb cb, void *arg);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

#define MAX_PLACES 8

struct counts {
	uint64_t insns, high_blocks, low_blocks, at[MAX_PLACES];
};

static struct counts own_counts, *counts = &own_counts;
static char out_path[1024];
static uint64_t places[MAX_PLACES]; /* at= */
static size_t place_count;

static void count_places(struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		for (size_t j = 0; j < place_count; j++)
			if (qemu_plugin_insn_vaddr(insn) == places[j])
				qemu_plugin_register_vcpu_insn_exec_inline(
					insn, QEMU_PLUGIN_INLINE_ADD_U64, &counts->at[j], 1);
	}
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	*(qemu_plugin_tb_vaddr(tb) >> 63 ? &counts->high_blocks : &counts->low_blocks) += 1;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &counts->insns,
						 qemu_plugin_tb_n_insns(tb));
	if (place_count)
		count_places(tb);
}

static void on_end(qemu_plugin_id_t id, void *arg)
{
	FILE *out = out_path[0] ? fopen(out_path, "w") : counts == &own_counts ? stderr : NULL;

	(void)id;
	(void)arg;
	if (!out)
		return;
	fprintf(out, "insns %" PRIu64 "\nhigh_blocks %" PRIu64 "\nlow_blocks %" PRIu64 "\n",
		counts->insns, counts->high_blocks, counts->low_blocks);
	fflush(out);
}

/* 0, or -1: the file cannot be had. */
static int count_in_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	void *mapped = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, sizeof(*counts)))
		mapped = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (mapped == MAP_FAILED)
		return -1;
	counts = mapped;
	return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			snprintf(out_path, sizeof(out_path), "%s", argv[i] + 4);
		if (!strncmp(argv[i], "live=", 5) && count_in_file(argv[i] + 5))
			return -1;
		if (!strncmp(argv[i], "at=", 3) && place_count < MAX_PLACES)
			places[place_count++] = strtoull(argv[i] + 3, NULL, 0);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
