/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside procfs. One table (table.c) says everything: which directories an entry is in, its
 * type and mode, and who generates its text. Inodes are made when a name is looked up and die
 * with the last user; nothing is cached, so processes and descriptors may come and go.
 */
#ifndef PROCFS_INTERNAL_H
#define PROCFS_INTERNAL_H

#include <linux/errno.h>
#include <uk/procfs.h>
#include <uk/vfs.h>

/* Directories, as numbers of bits in proc_entry.in. */
enum proc_dir {
	DIR_ROOT, /* also holds one directory per process */
	DIR_PID,
	DIR_TASK, /* holds one directory per thread */
	DIR_TID,
	DIR_FD, /* holds one link per descriptor */
	DIR_FDINFO,
	DIR_NS,
	DIR_NET,
	DIR_NARTHEX, /* also holds what procfs_add() brought */
	DIR_SYS,
	DIR_SYS_KERNEL,
	DIR_SYS_RANDOM,
	DIR_SYS_YAMA,
	DIR_SYS_VM,
	DIR_SYS_FS,
	DIR_SYS_INOTIFY,
	DIR_SYS_EPOLL,
	DIR_SYS_NET,
	DIR_SYS_NET_CORE,
	DIR_SYS_NET_UNIX,
	DIR_SYS_NET_IPV4,
	DIR_SYS_NET_IPV6,
	DIR_SYS_NET_IPV6_CONF,
	DIR_SYS_NET_IPV6_IF, /* of all interfaces, and of each */
	DIR_SYS_LAST = DIR_SYS_NET_IPV6_IF,
	/* sysfs */
	DIR_SYSFS,
	DIR_DEVICES,
	DIR_DEVICES_SYSTEM,
	DIR_CPU,
	DIR_CPU0,
	DIR_TOPOLOGY,
	DIR_NODE,
	DIR_NODE0,
	DIR_CLOCKSOURCE,
	DIR_CLOCKSOURCE0,
	DIR_KERNEL,
	DIR_KERNEL_MM,
	DIR_THP,
	DIR_HUGEPAGES,
	DIR_HUGE_2M,
	DIR_FS,
	DIR_CGROUP,
	DIR_CLASS,
	DIR_CLASS_NET, /* holds one directory per interface */
	DIR_NET_IF,    /* proc_inode.fd is its index, here and below */
	DIR_NET_IF_STATISTICS,
	DIR_COUNT,
};
_Static_assert(DIR_COUNT <= 64, "proc_entry.in");

struct process;
struct task;
struct proc_entry;

/** Whom a text is about. process and task are NULL outside /proc/<pid>; the task is held, and with
 *  it the process, but not what it shares: see proc_vm_get(). */
struct proc_ctx {
	const struct proc_entry *entry;
	struct process *process;
	struct task *task;
	int fd;
	bool is_thread; /* below /proc/<pid>/task: about the one thread */
};

struct proc_entry {
	uint64_t in;      /* PROC_IN(directory), several may be or-ed */
	uint16_t mode;    /* S_IFMT | permissions */
	uint8_t dir;      /* for directories: enum proc_dir; for files: PROC_FILE_* */
	uint8_t arg;      /* for the functions */
	const char *name; /* without `show`, its NUL is followed by the content or link target */
	void (*show)(struct seq *seq, const struct proc_ctx *ctx);
	union {
		/** A write: `text` is NUL-terminated, without its final newline. 0 or -errno. */
		int (*store)(const struct proc_ctx *ctx, char *text, size_t len);
		/** A magic link: the place, with references. 0 or -errno. */
		int (*place)(const struct proc_ctx *ctx, struct path *place);
	};
};
static inline const char *proc_entry_text(const struct proc_entry *entry)
{
	return entry->name + strlen(entry->name) + 1;
}
#define PROC_IN(dir)     (1ul << (dir))
#define PROC_FILE_TEXT   0
#define PROC_FILE_MEMORY 1 /* proc_mem_ops instead of a generated text */

extern const struct proc_entry proc_entries[];
extern const unsigned int proc_entry_count;
/* Not in any directory: a descriptor in fd/ and fdinfo/, a file of procfs_add(). */
extern const struct proc_entry proc_fd_entry, proc_fdinfo_entry, proc_added_entry;

struct proc_inode {
	struct inode inode;
	const struct proc_entry *entry; /* NULL: a root, or a directory of a process or thread */
	enum proc_dir dir;              /* for directories */
	int pid, tid, fd;               /* 0, 0, -1 where they do not apply; fd also indexes
					   what procfs_add() brought */
	bool is_thread;                 /* as in proc_ctx */
};
static inline struct proc_inode *proc_inode(struct inode *inode)
{
	return uk_container_of(inode, struct proc_inode, inode);
}

/* pid_find.c */
/** Finds process and thread of an inode. 0 or -ESRCH when they are gone. */
int proc_ctx_get(const struct proc_inode *pi, struct proc_ctx *ctx);
void proc_ctx_put(struct proc_ctx *ctx);
/** The address space of ctx->task with a reference, or NULL when it has ended. */
struct vmspace *proc_vm_get(const struct proc_ctx *ctx);
/** The process with this pid, or that the thread with this tid belongs to; -1. */
int proc_pid_of(int id);
bool proc_has_thread(int pid, int tid);
/** The lowest thread id >= from, or -1. */
int proc_next_tid(int pid, int from);
/** The file behind `fd` with a reference, or NULL. */
struct file *proc_file_get(int pid, int tid, int fd);
/** The same for the descriptor that ctx is about; and whether exec closes it. */
struct file *proc_ctx_file(const struct proc_ctx *ctx);
bool proc_ctx_is_cloexec(const struct proc_ctx *ctx);
/** The lowest open descriptor >= fd, or -1. */
int proc_next_fd(int pid, int tid, int fd);

/* file.c */
extern const struct file_ops proc_file_ops;
extern const struct file_ops proc_mem_ops; /* pid_mem.c */
int proc_file_open(struct inode *inode, struct file *file);

/* attr.c */
int proc_setattr(struct inode *inode, const struct inode_attr *attr);
/** What chmod and chown made of an inode with this number. */
void proc_apply_changes(struct inode *inode);

/* fs.c, link.c */
void proc_inode_release(struct inode *inode);
extern const struct inode_ops proc_link_inode_ops;

/* net.c: interfaces by index; 0: there is none of that name; -1: no more from there on. */
#define PROC_NET_NAME_MAX 16
int proc_net_index(const char *name);
int proc_net_next(int from);
void proc_net_name(int index, char name[PROC_NET_NAME_MAX]);

/* fs.c: what procfs_add() brought */
void proc_show_added(struct seq *seq, const struct proc_ctx *ctx);

/* pid_memory.c */
struct vmspace;
struct vma;
/** Bytes of resident memory by kind; `dirty` and `large` are parts of all. */
struct proc_resident {
	uint64_t anon, file, shared, dirty, large;
};
static inline uint64_t proc_resident_sum(const struct proc_resident *resident)
{
	return resident->anon + resident->file + resident->shared;
}
/** Adds what is there of one mapping. vm->lock held. */
void proc_add_resident(struct vmspace *vm, const struct vma *vma, struct proc_resident *resident);
/** Bytes by kind of mapping. */
struct proc_sizes {
	struct proc_resident resident;
	uint64_t total, locked, data, stack, code, library, tables;
	uint64_t peak_total, peak_resident;
	uintptr_t start, end; /* of all mappings */
};
void proc_vm_sizes(struct vmspace *vm, struct proc_sizes *sizes);

/* map_line.c, pure: the front of a line of /proc/<pid>/maps. */
struct proc_map_line {
	uintptr_t start, end;
	unsigned int prot; /* PROT_* */
	bool is_shared;
	uint64_t offset_bytes, ino;
	unsigned int dev_major, dev_minor;
};
#define PROC_MAP_LINE_MAX 128
/** Everything up to the name: with one, padded to column 73. Returns the length. */
int proc_map_line_format(char *buf, size_t size, const struct proc_map_line *line, bool has_name);

#endif /* PROCFS_INTERNAL_H */
