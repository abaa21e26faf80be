/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inotify: the queue of events, and the rule behind the hint inode.is_watched, which the hooks rely
 * on: whoever is watched, by a watch of its own or of the directory one of its names is in, has it
 * set. Random changes of the tree under random watches, with and without memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include "../inotify_internal.h"
#include "machine.h"

/* --- the queue ------------------------------------------------------------------------------ */

static bool add(struct inotify_queue *queue, int wd, uint32_t mask, const char *name)
{
	const struct inotify_event event = {.wd = wd, .mask = mask};

	return inotify_queue_add(queue, &event, name, name ? strlen(name) : 0, 4);
}

static void expect(struct inotify_queue *queue, int wd, uint32_t mask, const char *name,
		   size_t padded)
{
	struct inotify_item *item = inotify_queue_take(queue, SIZE_MAX);

	assert_true(item && !IS_ERR(item));
	assert_int_equal(item->event.wd, wd);
	assert_int_equal(item->event.mask, mask);
	assert_int_equal(item->event.len, padded);
	if (name)
		assert_string_equal(item->event.name, name);
	inotify_item_free(queue, item);
}

static void test_merging(void **state)
{
	struct inotify_queue queue;

	inotify_queue_init(&queue);
	assert_true(add(&queue, 1, IN_OPEN, "a"));
	assert_false(add(&queue, 1, IN_OPEN, "a"));
	assert_true(add(&queue, 1, IN_OPEN, "ab"));
	assert_true(add(&queue, 2, IN_OPEN, "ab"));
	assert_true(add(&queue, 2, IN_CLOSE_WRITE, "ab"));
	assert_int_equal(queue.count, 4);
	assert_int_equal(queue.bytes, 4 * 32);
	inotify_queue_clear(&queue);
	assert_int_equal(queue.bytes, 0);
	assert_true(add(&queue, 1, IN_IGNORED, NULL));
	assert_true(add(&queue, 1, IN_IGNORED, NULL)); /* each end of a watch is told */
	assert_true(add(&queue, 1, IN_OPEN, NULL));
	assert_true(add(&queue, 1, IN_OPEN, "a"));
	inotify_queue_clear(&queue);
}

static void test_padding(void **state)
{
	struct inotify_queue queue;

	inotify_queue_init(&queue);
	assert_true(add(&queue, 1, IN_CREATE, "123456789012345"));
	assert_true(add(&queue, 1, IN_CREATE, "1234567890123456"));
	assert_int_equal(PTR_ERR(inotify_queue_take(&queue, 31)), -EINVAL);
	assert_int_equal(queue.count, 2);
	expect(&queue, 1, IN_CREATE, "123456789012345", 16);
	expect(&queue, 1, IN_CREATE, "1234567890123456", 32);
	assert_null(inotify_queue_take(&queue, SIZE_MAX));
}

static void test_overflow(void **state)
{
	struct inotify_queue queue;

	inotify_queue_init(&queue);
	for (int wd = 1; wd <= 4; wd++)
		assert_true(add(&queue, wd, IN_OPEN, NULL));
	assert_true(add(&queue, 5, IN_OPEN, NULL)); /* the overflow */
	assert_false(add(&queue, 6, IN_OPEN, NULL));
	for (int wd = 1; wd <= 4; wd++)
		expect(&queue, wd, IN_OPEN, NULL, 0);
	expect(&queue, -1, IN_Q_OVERFLOW, NULL, 0);
	assert_int_equal(queue.count, 0);
	assert_true(add(&queue, 7, IN_OPEN, NULL));
	machine_fail_after(0);
	assert_true(add(&queue, 8, IN_OPEN, NULL)); /* no memory: another overflow */
	assert_false(add(&queue, -1, IN_Q_OVERFLOW, NULL));
	expect(&queue, 7, IN_OPEN, NULL, 0);
	expect(&queue, -1, IN_Q_OVERFLOW, NULL, 0);
	inotify_queue_clear(&queue);
}

/* --- watches under random changes ------------------------------------------------------------ */

#define NAMES 12

static const char *const paths[NAMES] = {"/a", "/b",   "/d",   "/d/a", "/d/b", "/d/e",
					 "/e", "/e/a", "/e/b", "/e/d", "/m",   "/m/a"};

static struct vfs_name at(const char *name)
{
	return (struct vfs_name){AT_FDCWD, name, 0};
}

static void check_hints(const struct dentry *dir)
{
	const struct dentry *child;

	TAILQ_FOREACH (child, &dir->children, sibling_link) {
		if (!child->inode)
			continue;
		if (!LIST_EMPTY(&dir->inode->watches) || !LIST_EMPTY(&child->inode->watches))
			assert_true(child->inode->is_watched);
		if (S_ISDIR(child->inode->mode))
			check_hints(child);
	}
}

static void add_random_watch(struct file *instance, const char *name)
{
	static const uint32_t extra[] = {0, IN_ONESHOT, IN_EXCL_UNLINK, IN_MASK_ADD,
					 IN_MASK_CREATE};
	const struct vfs_name n = at(name);
	struct path path;

	if (vfs_lookup(&n, &path))
		return;
	inotify_add(instance, &path,
		    (uint32_t)rand() % IN_ALL_EVENTS | IN_OPEN | extra[rand() % 5]);
	path_put(&path);
}

static void change_attributes(const char *name)
{
	const struct inode_attr attr = {.valid = ATTR_MODE, .mode = 0700};
	const struct vfs_name n = at(name);
	struct path path;

	if (vfs_lookup(&n, &path))
		return;
	vfs_setattr(&path, &attr);
	path_put(&path);
}

static void remount(const char *name)
{
	const struct vfs_name n = at(name);
	struct path path;

	if (vfs_lookup(&n, &path))
		return;
	if (path.dentry == path.mount->sb.root)
		vfs_unmount(&path, 0);
	else
		vfs_mount("none", &path, "tmpfs", 0, NULL);
	path_put(&path);
}

static void change_tree(const char *one, const char *other, struct file **slot)
{
	const struct vfs_name a = at(one), b = at(other);

	switch (rand() % 8) {
	case 0:
		vfs_mkdir(&a, 0755);
		break;
	case 1:
		if (rand() % 2)
			vfs_unlink(&a);
		else
			vfs_rmdir(&a);
		break;
	case 2:
		vfs_link(&a, &b);
		break;
	case 3:
		vfs_rename(&a, &b, rand() % 4 ? 0 : RENAME_EXCHANGE);
		break;
	case 4:
		change_attributes(one);
		break;
	case 5:
		if (!strcmp(one, "/m"))
			remount(one);
		break;
	default:
		if (*slot)
			file_put(*slot);
		*slot = vfs_open(&a, O_CREAT | O_RDWR, 0644);
		if (IS_ERR(*slot))
			*slot = NULL;
	}
}

static void read_some(struct file *file)
{
	char buf[300];
	struct uio uio = uio_user(buf, sizeof(buf));

	file_read(file, &uio, NULL);
}

static void churn(bool with_failures)
{
	struct file *instances[3], *open_files[4] = {NULL};

	for (int i = 0; i < 3; i++) {
		instances[i] = inotify_create_file(O_NONBLOCK);
		assert_false(IS_ERR(instances[i]));
	}
	for (int i = 0; i < 60000; i++) {
		struct file *instance = instances[rand() % 3];

		if (with_failures && rand() % 8 == 0)
			machine_fail_after(rand() % 6);
		if (rand() % 6 == 0)
			add_random_watch(instance, paths[rand() % NAMES]);
		else if (rand() % 12 == 0)
			inotify_remove(instance, rand() % 64 + i / 200);
		else if (rand() % 10 == 0)
			read_some(instance);
		else
			change_tree(paths[rand() % NAMES], paths[rand() % NAMES],
				    &open_files[rand() % 4]);
		machine_fail_after(-1);
		if (i % 64 == 0)
			check_hints(current_fs()->root.dentry);
	}
	for (int i = 0; i < 4; i++)
		if (open_files[i])
			file_put(open_files[i]);
	for (int i = 0; i < 3; i++)
		file_put(instances[i]);
}

static void test_random_changes(void **state)
{
	srand(11);
	churn(false);
	assert_true(LIST_EMPTY(&inotify_instances));
}

static void test_random_changes_without_memory(void **state)
{
	srand(12);
	churn(true);
	assert_true(LIST_EMPTY(&inotify_instances));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_random_changes_without_memory),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
