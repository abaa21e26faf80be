/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A QEMU TCG plugin that counts executed guest instructions: each translated block adds its
 * length inline. Unlike -icount it counts no idle time. And it counts the blocks that were
 * translated, those in the high half (a kernel's) apart: under TCG, translating is nearly all of
 * what a short run takes. Writes `insns N`, `high_blocks N` and `low_blocks N` to the file named by
 * the argument out=FILE when QEMU ends. Debian packages no header for plugins, so the few functions
 * of the version 1 interface are declared here. One vCPU only: the sum is not atomic.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*atexit_cb)(qemu_plugin_id_t id, void *arg);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
						     enum qemu_plugin_op op, void *ptr,
						     uint64_t value);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, atexit_cb cb, void *arg);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

static uint64_t insn_count, high_blocks, low_blocks;
static char out_path[1024];

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	*(qemu_plugin_tb_vaddr(tb) >> 63 ? &high_blocks : &low_blocks) += 1;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &insn_count,
						 qemu_plugin_tb_n_insns(tb));
}

static void on_exit(qemu_plugin_id_t id, void *arg)
{
	FILE *out = out_path[0] ? fopen(out_path, "w") : stderr;

	(void)id;
	(void)arg;
	if (!out)
		return;
	fprintf(out, "insns %" PRIu64 "\nhigh_blocks %" PRIu64 "\nlow_blocks %" PRIu64 "\n",
		insn_count, high_blocks, low_blocks);
	fflush(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			snprintf(out_path, sizeof(out_path), "%s", argv[i] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit, NULL);
	return 0;
}
