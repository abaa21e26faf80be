/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors, pipes and FIFOs, locks on files, memfds, copying from file to file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/memfd.h>
#include <uk/filelock.h>
#include <uk/vmspace.h>
#include "../ramfs.h"
#include "machine.h"

static struct file *open_file(const char *name, int flags)
{
	struct vfs_name n = {AT_FDCWD, name, 0};

	return vfs_open(&n, flags, 0644);
}
static int remove_file(const char *name)
{
	struct vfs_name n = {AT_FDCWD, name, 0};

	return vfs_unlink(&n);
}
static uk_ssize_t rd(struct file *file, void *buf, size_t len)
{
	struct uio uio = uio_user(buf, len);

	return file_read(file, &uio, NULL);
}
static uk_ssize_t wr(struct file *file, const void *buf, size_t len)
{
	struct uio uio = uio_user((void *)buf, len);

	return file_write(file, &uio, NULL);
}

/* --- descriptors -------------------------------------------------------------------------------
 */

static void test_lowest_descriptor(void **state)
{
	struct file *file = open_file("/fd", O_CREAT | O_RDWR);
	bool used[400] = {false};

	srand(5);
	for (int i = 0; i < 20000; i++) {
		int fd = rand() % 300, lowest;
		unsigned int min = rand() % 4 ? 0 : (unsigned int)rand() % 300;

		if (rand() % 3 == 0) {
			assert_int_equal(fd_close(fd), used[fd] ? 0 : -EBADF);
			used[fd] = false;
		} else if (rand() % 4 == 0) {
			file_get(file);
			assert_int_equal(fd_install_at(file, fd, false), fd);
			used[fd] = true;
		} else {
			for (lowest = (int)min; used[lowest]; lowest++)
				;
			if (lowest >= 300)
				continue;
			file_get(file);
			assert_int_equal(fd_install(file, min, false), lowest);
			used[lowest] = true;
		}
	}
	assert_int_equal(fd_close_range(0, UINT32_MAX, false), 0);
	assert_int_equal(fdtable_next_open(current->fdtable, 0), -1);
	assert_int_equal(file->refcount, 1);
	file_put(file);
	remove_file("/fd");
}

static void test_descriptor_limits(void **state)
{
	struct file *file = open_file("/fd", O_CREAT | O_RDWR);
	struct fdtable *copy;

	current->process->rlimits[RLIMIT_NOFILE] = 100;
	for (int i = 0; i < 100; i++) {
		file_get(file);
		assert_int_equal(fd_install(file, 0, i % 2), i);
	}
	assert_int_equal(fd_install(file, 0, false), -EMFILE);
	assert_int_equal(fd_install_at(file, 100, false), -EBADF);
	assert_int_equal(fd_install_at(file, -1, false), -EBADF);
	current->process->rlimits[RLIMIT_NOFILE] = 1024;
	copy = fdtable_copy(current_fdtable());
	assert_int_equal(file->refcount, 201);
	fdtable_close_on_exec(copy);
	assert_int_equal(file->refcount, 151);
	fdtable_put(copy);
	assert_int_equal(file->refcount, 101);
	assert_int_equal(fd_get_cloexec(1), 1);
	assert_int_equal(fd_set_cloexec(1, false), 0);
	assert_int_equal(fd_get_cloexec(1), 0);
	assert_int_equal(fd_close_range(10, 20, true), 0);
	assert_int_equal(fd_get_cloexec(10), 1);
	assert_int_equal(fd_close_range(20, 10, false), -EINVAL);
	assert_int_equal(fd_close_range(0, 200, false), 0);
	assert_int_equal(fd_get_cloexec(1), -EBADF);
	assert_int_equal(file->refcount, 1);
	file_put(file);
	file = open_file("/fd", O_PATH);
	assert_int_equal(fd_install(file, 0, false), 0);
	assert_null(file_get_fd(0));
	assert_ptr_equal(file_get_fd_path(0), file);
	assert_int_equal(rd(file, NULL, 0), -EBADF);
	file_put(file);
	fd_close(0);
	remove_file("/fd");
}

static void test_reserved_descriptor(void **state)
{
	struct file *file = open_file("/fd", O_CREAT | O_RDWR), *other;
	struct fdtable *copy;

	assert_int_equal(fd_reserve(true), 0);
	assert_int_equal(fd_reserve(false), 1);
	assert_null(file_get_fd(0));
	assert_null(file_get_fd_path(0));
	assert_int_equal(fd_close(0), -EBADF);
	assert_int_equal(fd_get_cloexec(0), -EBADF);
	assert_int_equal(fd_install_at(file, 0, false), -EBUSY);
	assert_int_equal(fdtable_next_open(current->fdtable, 0), -1);
	copy = fdtable_copy(current->fdtable);
	assert_int_equal(copy->lowest_free, 0);
	assert_null(copy->files[1]);
	fdtable_put(copy);
	fd_close_range(0, 10, false);
	fdtable_close_on_exec(current->fdtable);
	fd_install_reserved(0, file);
	assert_int_equal(fd_get_cloexec(0), 1);
	other = file_get_fd(0);
	assert_ptr_equal(other, file);
	file_put(other);
	fd_unreserve(1);
	assert_int_equal(fd_reserve(false), 1);
	fd_unreserve(1);
	assert_int_equal(fd_close(0), 0);
	remove_file("/fd");
}

/* --- pipes -------------------------------------------------------------------------------------
 */

static struct file *ends[2];

static void open_pipe(int flags)
{
	assert_int_equal(pipe_create(&ends[0], &ends[1], flags), 0);
}

static void test_pipe_ring(void **state)
{
	static unsigned char sent[200000], got[200000];
	size_t written = 0, done = 0;

	open_pipe(O_NONBLOCK);
	srand(9);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (unsigned char)rand();
	while (done < sizeof(sent)) {
		size_t wish = (size_t)rand() % 9000, part = UK_MIN(wish, sizeof(sent) - written);
		uk_ssize_t ret = wr(ends[1], sent + written, part);

		if (ret == -EAGAIN)
			assert_true(written - done > 65536 - 9000);
		else
			written += (size_t)ret;
		ret = rd(ends[0], got + done, (size_t)rand() % 8000);
		if (ret == -EAGAIN)
			assert_int_equal(written, done);
		else
			done += (size_t)ret;
		assert_true(done <= written && written - done <= 65536);
	}
	assert_memory_equal(sent, got, sizeof(sent));
	file_put(ends[0]);
	file_put(ends[1]);
}

static void test_pipe_rules(void **state)
{
	static char big[70000];
	char byte;

	open_pipe(O_NONBLOCK);
	assert_int_equal(rd(ends[0], &byte, 1), -EAGAIN);
	assert_int_equal(rd(ends[1], &byte, 1), -EBADF);
	assert_int_equal(wr(ends[0], &byte, 1), -EBADF);
	assert_int_equal(file_poll(ends[0], NULL), 0);
	assert_int_equal(file_poll(ends[1], NULL), EPOLLOUT | EPOLLWRNORM);
	assert_int_equal(wr(ends[1], big, sizeof(big)), 65536);
	assert_int_equal(wr(ends[1], big, 1), -EAGAIN);
	assert_int_equal(file_poll(ends[1], NULL), 0);
	assert_int_equal(rd(ends[0], big, 4095), 4095);
	/* Up to PIPE_BUF goes whole or not at all; more goes as far as it fits. */
	assert_int_equal(wr(ends[1], big, 4096), -EAGAIN);
	assert_int_equal(wr(ends[1], big, 5000), 4095);
	assert_int_equal(pipe_get_size(ends[0]), 65536);
	assert_int_equal(pipe_set_size(ends[0], 4096), -EBUSY);
	assert_int_equal(pipe_set_size(ends[0], 70000), 131072);
	assert_int_equal(wr(ends[1], big, 5000), 5000);
	assert_int_equal(rd(ends[0], big, sizeof(big)), 70000);
	assert_int_equal(rd(ends[0], big, sizeof(big)), 536);
	assert_int_equal(pipe_set_size(ends[0], 1), 4096);
	assert_int_equal(wr(ends[1], big, 5000), 4096);
	assert_int_equal(pipe_set_size(ends[0], 0), 4096);
	file_put(ends[0]);
	assert_int_equal(file_poll(ends[1], NULL), EPOLLERR);
	assert_int_equal(wr(ends[1], big, 1), -EPIPE);
	assert_int_equal(machine_take_signal(), SIGPIPE);
	file_put(ends[1]);

	open_pipe(0);
	assert_int_equal(wr(ends[1], "x", 1), 1);
	file_put(ends[1]);
	assert_int_equal(file_poll(ends[0], NULL), EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	assert_int_equal(rd(ends[0], &byte, 1), 1);
	assert_int_equal(rd(ends[0], &byte, 1), 0);
	assert_int_equal(file_lseek(ends[0], 0, SEEK_SET), -ESPIPE);
	loff_t pos = 0;
	struct uio uio = uio_user(&byte, 1);
	assert_int_equal(file_read(ends[0], &uio, &pos), -ESPIPE);
	file_put(ends[0]);
}

static int write_from_sleep(void)
{
	assert_int_equal(wr(ends[1], "abc", 3), 3);
	return 0;
}
static int read_from_sleep(void)
{
	char buf[4096];

	assert_int_equal(rd(ends[0], buf, sizeof(buf)), sizeof(buf));
	return 0;
}
static void test_pipe_blocking(void **state)
{
	static char big[70000];
	char buf[10];

	open_pipe(0);
	assert_int_equal(rd(ends[0], buf, sizeof(buf)), -ERESTARTSYS);
	machine_on_sleep = write_from_sleep;
	assert_int_equal(rd(ends[0], buf, sizeof(buf)), 3);
	machine_on_sleep = read_from_sleep;
	assert_int_equal(wr(ends[1], big, sizeof(big)), sizeof(big));
	machine_on_sleep = NULL;
	assert_int_equal(wr(ends[1], big, sizeof(big)), 65536 - (70000 - 2 * 4096));
	assert_int_equal(wr(ends[1], big, 1), -ERESTARTSYS);
	file_put(ends[0]);
	file_put(ends[1]);
}

static void test_pipe_names_and_faults(void **state)
{
	static char buf[8192];
	char name[64];

	open_pipe(O_NONBLOCK);
	assert_memory_equal(vfs_file_name(ends[0], name, sizeof(name)), "pipe:[", 6);
	machine_bad_range(buf + 100, 1);
	assert_int_equal(wr(ends[1], buf, 4000), 100);
	assert_int_equal(wr(ends[1], buf + 100, 100), -EFAULT);
	assert_int_equal(rd(ends[0], buf + 90, 100), 10);
	machine_bad_range(NULL, 0);
	assert_int_equal(rd(ends[0], buf, 100), 90);
	for (int i = 0; i < 5; i++) {
		machine_fail_after(i);
		uk_ssize_t ret = wr(ends[1], buf, 4000);
		machine_fail_after(-1);
		assert_true(ret == 4000 || ret == -ENOMEM);
		if (ret > 0)
			assert_int_equal(rd(ends[0], buf, 4000), 4000);
	}
	file_put(ends[0]);
	file_put(ends[1]);
	for (int i = 0; i < 12; i++) {
		machine_fail_after(i);
		int ret = pipe_create(&ends[0], &ends[1], 0);
		machine_fail_after(-1);
		if (ret) {
			assert_int_equal(ret, -ENOMEM);
			continue;
		}
		file_put(ends[0]);
		file_put(ends[1]);
	}
}

static struct file *other;
static int open_writer(void)
{
	/* The reader is there already, so this does not wait. */
	other = open_file("/fifo", O_WRONLY);
	assert_false(IS_ERR(other));
	return 0;
}
static void test_fifo(void **state)
{
	struct vfs_name n = {AT_FDCWD, "/fifo", 0};
	struct file *reader;
	char buf[8];

	assert_int_equal(vfs_mknod(&n, S_IFIFO | 0644, 0), 0);
	assert_ptr_equal(open_file("/fifo", O_WRONLY | O_NONBLOCK), ERR_PTR(-ENXIO));
	assert_ptr_equal(open_file("/fifo", O_RDONLY), ERR_PTR(-ERESTARTSYS));
	assert_ptr_equal(open_file("/fifo", O_WRONLY), ERR_PTR(-ERESTARTSYS));
	machine_on_sleep = open_writer;
	reader = open_file("/fifo", O_RDONLY);
	machine_on_sleep = NULL;
	assert_false(IS_ERR(reader));
	assert_int_equal(wr(other, "hi", 2), 2);
	assert_int_equal(rd(reader, buf, 8), 2);
	file_put(other);
	assert_int_equal(file_poll(reader, NULL), EPOLLHUP);
	assert_int_equal(rd(reader, buf, 8), 0);
	file_put(reader);
	/* Opened before any writer: no hang-up yet. */
	reader = open_file("/fifo", O_RDONLY | O_NONBLOCK);
	assert_false(IS_ERR(reader));
	assert_int_equal(file_poll(reader, NULL), 0);
	assert_int_equal(rd(reader, buf, 8), 0);
	other = open_file("/fifo", O_RDWR);
	file_put(other);
	assert_int_equal(file_poll(reader, NULL), EPOLLHUP);
	file_put(reader);
	assert_int_equal(remove_file("/fifo"), 0);
}

/* --- locks -------------------------------------------------------------------------------------
 */

static int lock_cmd(struct file *file, int cmd, short type, long start, long len)
{
	struct flock lock = {.l_type = type, .l_start = start, .l_len = len};

	return filelock_fcntl(file, cmd, &lock);
}

static void test_file_locks(void **state)
{
	struct file *a = open_file("/lk", O_CREAT | O_RDWR), *b = open_file("/lk", O_RDWR);
	struct file *ro = open_file("/lk", O_RDONLY);
	struct flock lock = {.l_type = F_RDLCK};

	assert_int_equal(filelock_flock(a, LOCK_EX), 0);
	assert_int_equal(filelock_flock(b, LOCK_SH | LOCK_NB), -EAGAIN);
	assert_int_equal(filelock_flock(b, LOCK_SH), -ERESTARTSYS);
	assert_int_equal(filelock_flock(a, LOCK_SH), 0);
	assert_int_equal(filelock_flock(b, LOCK_SH | LOCK_NB), 0);
	assert_int_equal(filelock_flock(a, 77), -EINVAL);
	/* One process' POSIX locks do not exclude each other, open-file locks do. */
	assert_int_equal(lock_cmd(a, F_SETLK, F_WRLCK, 0, 10), 0);
	assert_int_equal(lock_cmd(b, F_SETLK, F_WRLCK, 5, 10), 0);
	assert_int_equal(lock_cmd(a, F_OFD_SETLK, F_WRLCK, 14, 1), -EAGAIN);
	assert_int_equal(lock_cmd(a, F_OFD_SETLK, F_WRLCK, 15, 5), 0);
	assert_int_equal(lock_cmd(b, F_OFD_SETLK, F_RDLCK, 19, 1), -EAGAIN);
	assert_int_equal(lock_cmd(b, F_OFD_SETLK, F_RDLCK, 20, 0), 0);
	assert_int_equal(lock_cmd(ro, F_SETLK, F_WRLCK, 0, 1), -EBADF);
	assert_int_equal(lock_cmd(a, F_SETLK, 9, 0, 1), -EINVAL);
	assert_int_equal(lock_cmd(a, F_SETLK, F_RDLCK, -1, 1), -EINVAL);
	assert_int_equal(lock_cmd(a, F_SETLK, F_RDLCK, INT64_MAX, 2), -EOVERFLOW);
	assert_int_equal(lock_cmd(a, F_OFD_SETLK, F_RDLCK, 5, -10), -EINVAL);
	assert_int_equal(filelock_fcntl(ro, F_OFD_GETLK, &lock), 0);
	assert_int_equal(lock.l_type, F_WRLCK);
	assert_int_equal(lock.l_start, 0);
	assert_int_equal(lock.l_len, 15);
	assert_int_equal(lock.l_pid, 1);
	/* Closing any descriptor of the file drops the process' locks. */
	file_get(ro);
	assert_int_equal(fd_install(ro, 0, false), 0);
	assert_int_equal(fd_close(0), 0);
	assert_int_equal(lock_cmd(b, F_OFD_SETLK, F_RDLCK, 0, 15), 0);
	file_put(a);
	assert_int_equal(lock_cmd(b, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	file_put(ro);
	file_put(b);
	remove_file("/lk");
}

/* --- memfd, copying ------------------------------------------------------------------------------
 */

static void test_memfd(void **state)
{
	struct vma vma = {.flags = VMA_SHARED | VMA_MAYWRITE};
	struct file *file = memfd_create_file("box", MFD_ALLOW_SEALING);
	struct vm_object *object;
	char name[64], long_name[300];

	assert_false(IS_ERR(file));
	assert_string_equal(vfs_file_name(file, name, sizeof(name)), "/memfd:box (deleted)");
	assert_int_equal(wr(file, "hello", 5), 5);
	assert_int_equal(memfd_get_seals(file), 0);
	object = file->ops->mmap(file, 3, true);
	LIST_INSERT_HEAD(&object->mappings, &vma, object_link);
	assert_int_equal(memfd_add_seals(file, F_SEAL_WRITE), -EBUSY);
	LIST_REMOVE(&vma, object_link);
	vm_object_put(object);
	assert_int_equal(memfd_add_seals(file, F_SEAL_GROW | F_SEAL_SHRINK), 0);
	assert_int_equal(wr(file, "x", 1), -EPERM);
	assert_int_equal(vfs_truncate_file(file, 4), -EPERM);
	assert_int_equal(vfs_truncate_file(file, 6), -EPERM);
	assert_int_equal(vfs_fallocate(file, 0, 0, 100), -EPERM);
	assert_int_equal(vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 6), -EPERM);
	assert_int_equal(vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 5), 0);
	assert_int_equal(memfd_add_seals(file, F_SEAL_WRITE | F_SEAL_SEAL), 0);
	assert_int_equal(file_lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(wr(file, "x", 1), -EPERM);
	assert_true(object->is_write_sealed);
	assert_int_equal(memfd_add_seals(file, F_SEAL_GROW), -EPERM);
	assert_int_equal(memfd_get_seals(file), 15);
	assert_int_equal(rd(file, name, 64), 5);
	file_put(file);
	file = memfd_create_file("", 0);
	assert_int_equal(memfd_get_seals(file), F_SEAL_SEAL);
	file_put(file);
	memset(long_name, 'x', sizeof(long_name));
	long_name[250] = '\0';
	assert_ptr_equal(memfd_create_file(long_name, 0), ERR_PTR(-EINVAL));
	long_name[249] = '\0';
	file = memfd_create_file(long_name, 0);
	assert_false(IS_ERR(file));
	file_put(file);
}

static void test_shared_anon(void **state)
{
	size_t before = machine_pages_in_use();
	struct vm_object *object = shared_anon_object(8192);
	struct page *a, *b;

	assert_int_equal(object->ops->get_page(object, 1, false, &a), 0);
	assert_int_equal(object->ops->get_page(object, 1, true, &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(*(char *)page_address(a), 0);
	assert_int_equal(object->ops->get_page(object, 2, true, &b), -ERANGE);
	page_put(a);
	page_put(a);
	vm_object_put(object);
	assert_int_equal(machine_pages_in_use(), before);
}

static struct file *copied;

static int look_at_copied_file(void)
{
	assert_int_equal(file_lseek(copied, 0, SEEK_CUR), 0);
	return read_from_sleep();
}

static void test_copy_range(void **state)
{
	static char data[100000], back[100000];
	struct file *in = open_file("/in", O_CREAT | O_RDWR),
		    *out = open_file("/out", O_CREAT | O_RDWR);
	loff_t pos = 10;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	assert_int_equal(wr(in, data, sizeof(data)), sizeof(data));
	assert_int_equal(vfs_copy_range(in, &pos, out, NULL, sizeof(data)), sizeof(data) - 10);
	assert_int_equal(pos, sizeof(data));
	assert_int_equal(out->pos, sizeof(data) - 10);
	assert_int_equal(file_lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(rd(out, back, sizeof(back)), sizeof(data) - 10);
	assert_memory_equal(back, data + 10, sizeof(data) - 10);
	assert_int_equal(vfs_copy_range(in, NULL, out, NULL, 5), 0);
	assert_int_equal(file_lseek(in, 0, SEEK_SET), 0);
	/* Into a full pipe: only what it took is consumed. */
	open_pipe(O_NONBLOCK);
	assert_int_equal(vfs_copy_range(in, NULL, ends[1], NULL, sizeof(data)), 65536);
	assert_int_equal(in->pos, 65536);
	assert_int_equal(vfs_copy_range(ends[0], NULL, out, NULL, 5), -EINVAL);
	/* While it waits for the pipe, the file's position is free for others. */
	machine_on_sleep = look_at_copied_file;
	assert_int_equal(file_lseek(in, 0, SEEK_SET), 0);
	copied = in;
	file_set_flags(ends[1], 0);
	assert_int_equal(vfs_copy_range(in, NULL, ends[1], NULL, 70000), 70000);
	machine_on_sleep = NULL;
	assert_int_equal(in->pos, 70000);
	/* Onto itself: one position, set by both sides. */
	assert_int_equal(file_lseek(in, 3, SEEK_SET), 3);
	assert_int_equal(vfs_copy_range(in, NULL, in, NULL, 5), 5);
	assert_int_equal(in->pos, 8);
	file_put(ends[0]);
	file_put(ends[1]);
	file_put(in);
	file_put(out);
	remove_file("/in");
	remove_file("/out");
}

static void test_scattered_buffers(void **state)
{
	char a[3] = "abc", b[1], c[5] = "defgh", got[16] = "";
	struct iovec rest[] = {{NULL, 0}, {b, 0}, {c, 5}, {NULL, 0}};
	struct uio uio = {
		.base = a, .len_bytes = 3, .resid_bytes = 8, .next = rest, .next_count = 4};
	struct file *file = open_file("/v", O_CREAT | O_RDWR);

	assert_int_equal(file_write(file, &uio, NULL), 8);
	assert_int_equal(uio.resid_bytes, 0);
	assert_int_equal(file_lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(rd(file, got, 16), 8);
	assert_string_equal(got, "abcdefgh");
	file_put(file);
	remove_file("/v");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lowest_descriptor),
		cmocka_unit_test(test_descriptor_limits),
		cmocka_unit_test(test_reserved_descriptor),
		cmocka_unit_test(test_pipe_ring),
		cmocka_unit_test(test_pipe_rules),
		cmocka_unit_test(test_pipe_blocking),
		cmocka_unit_test(test_pipe_names_and_faults),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_file_locks),
		cmocka_unit_test(test_memfd),
		cmocka_unit_test(test_shared_anon),
		cmocka_unit_test(test_copy_range),
		cmocka_unit_test(test_scattered_buffers),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
