/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/meminfo, its short form for the one NUMA node, and /proc/vmstat: proc(5). Page cache is the
 * pages of memory filesystems; what is read in place from the initrd takes no memory.
 */
#include <uk/heap.h>
#include <uk/page.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include "pid.h"

#define KIB_PER_PAGE (UK_PAGE_SIZE >> 10)

struct memory {
	uint64_t total_kib, free_kib, cached_kib, anon_kib, mapped_kib, tables_kib, large_kib;
};

static void add_process(struct memory *memory, struct vmspace *vm)
{
	struct proc_sizes sizes;

	proc_vm_sizes(vm, &sizes);
	memory->anon_kib += sizes.resident.anon >> 10;
	memory->mapped_kib += (sizes.resident.file + sizes.resident.shared) >> 10;
	memory->tables_kib += sizes.tables >> 10;
	memory->large_kib += sizes.resident.large >> 10;
}

static struct memory count_memory(void)
{
	struct page_stats pages;
	struct memory memory = {.cached_kib = ramfs_pages_in_use() * KIB_PER_PAGE};

	page_stats(&pages);
	memory.total_kib = pages.total_pages * KIB_PER_PAGE;
	memory.free_kib = pages.free_pages * KIB_PER_PAGE;
	add_process(&memory, current->vm);
	return memory;
}

static void show_kib(struct seq *seq, const char *label, uint64_t kib)
{
	seq_printf(seq, "%-15s %8lu kB\n", label, kib);
}

static void show_zeros(struct seq *seq, const char (*labels)[20], size_t count)
{
	for (size_t i = 0; i < count; i++)
		show_kib(seq, labels[i], 0);
}

/* Nothing is ever evicted: anonymous memory counts as inactive, files as unevictable. */
static void show_lists(struct seq *seq, const struct memory *memory)
{
	static const char swap[][20] = {
		"SwapTotal:", "SwapFree:", "Zswap:", "Zswapped:", "Dirty:", "Writeback:"};

	show_kib(seq, "Active:", 0);
	show_kib(seq, "Inactive:", memory->anon_kib);
	show_kib(seq, "Active(anon):", 0);
	show_kib(seq, "Inactive(anon):", memory->anon_kib);
	show_kib(seq, "Active(file):", 0);
	show_kib(seq, "Inactive(file):", 0);
	show_kib(seq, "Unevictable:", memory->cached_kib);
	show_kib(seq, "Mlocked:", current->vm ? current->vm->locked_bytes >> 10 : 0);
	show_zeros(seq, swap, UK_ARRAY_SIZE(swap));
}

static void show_kernel(struct seq *seq, const struct memory *memory)
{
	static const char unused[][20] = {
		"SecPageTables:", "NFS_Unstable:", "Bounce:", "WritebackTmp:"};
	uint64_t known =
		memory->free_kib + memory->cached_kib + memory->anon_kib + memory->tables_kib;
	uint64_t slab = memory->total_kib - UK_MIN(known, memory->total_kib);

	show_kib(seq, "KReclaimable:", 0);
	show_kib(seq, "Slab:", slab); /* what is left: heap, stacks */
	show_kib(seq, "SReclaimable:", 0);
	show_kib(seq, "SUnreclaim:", slab);
	show_kib(seq, "KernelStack:", 0);
	show_kib(seq, "PageTables:", memory->tables_kib);
	show_zeros(seq, unused, UK_ARRAY_SIZE(unused));
}

void show_meminfo(struct seq *seq, const struct proc_ctx *ctx)
{
	static const char huge[][20] = {
		"ShmemHugePages:", "ShmemPmdMapped:", "FileHugePages:", "FilePmdMapped:"};
	const struct memory memory = count_memory();

	show_kib(seq, "MemTotal:", memory.total_kib);
	show_kib(seq, "MemFree:", memory.free_kib);
	show_kib(seq, "MemAvailable:", memory.free_kib);
	show_kib(seq, "Buffers:", 0);
	show_kib(seq, "Cached:", memory.cached_kib);
	show_kib(seq, "SwapCached:", 0);
	show_lists(seq, &memory);
	show_kib(seq, "AnonPages:", memory.anon_kib);
	show_kib(seq, "Mapped:", memory.mapped_kib);
	show_kib(seq, "Shmem:", memory.cached_kib);
	show_kernel(seq, &memory);
	/* Nothing is refused before memory is really used, so there is no commit limit to reach. */
	show_kib(seq, "CommitLimit:", memory.total_kib);
	show_kib(seq, "Committed_AS:", memory.total_kib - memory.free_kib);
	seq_puts(seq, "VmallocTotal:   34359738367 kB\nVmallocUsed:           0 kB\n"
		      "VmallocChunk:          0 kB\nPercpu:                0 kB\n");
	show_kib(seq, "AnonHugePages:", memory.large_kib);
	show_zeros(seq, huge, UK_ARRAY_SIZE(huge));
	seq_puts(seq, "HugePages_Total:       0\nHugePages_Free:        0\n"
		      "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	show_kib(seq, "Hugepagesize:", UKARCH_LARGE_SIZE >> 10);
	show_kib(seq, "Hugetlb:", 0);
}

/* /sys/devices/system/node/node0/meminfo */
void show_node_meminfo(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct memory memory = count_memory();

	seq_printf(seq, "Node 0 MemTotal:       %8lu kB\nNode 0 MemFree:        %8lu kB\n",
		   memory.total_kib, memory.free_kib);
	seq_printf(seq, "Node 0 MemUsed:        %8lu kB\nNode 0 FilePages:      %8lu kB\n",
		   memory.total_kib - memory.free_kib, memory.cached_kib);
	seq_printf(seq, "Node 0 AnonPages:      %8lu kB\nNode 0 Shmem:          %8lu kB\n",
		   memory.anon_kib, memory.cached_kib);
	seq_puts(seq, "Node 0 HugePages_Total:     0\nNode 0 HugePages_Free:      0\n"
		      "Node 0 HugePages_Surp:      0\n");
}

void show_vmstat(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct memory memory = count_memory();
	struct proc_ctx all = {.process = current->process, .task = current};
	struct task_usage usage;

	proc_usage_of(&all, &usage);
	seq_printf(seq, "nr_free_pages %lu\nnr_anon_pages %lu\nnr_mapped %lu\nnr_file_pages %lu\n",
		   memory.free_kib / KIB_PER_PAGE, memory.anon_kib / KIB_PER_PAGE,
		   memory.mapped_kib / KIB_PER_PAGE, memory.cached_kib / KIB_PER_PAGE);
	seq_printf(seq,
		   "nr_dirty 0\nnr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n"
		   "pgfault %lu\npgmajfault %lu\noom_kill 0\n",
		   usage.minor_faults + usage.major_faults, usage.major_faults);
}
