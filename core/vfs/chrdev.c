/* SPDX-License-Identifier: BSD-3-Clause */
/* Character devices by number. Registered at boot and for ever; one list, searched in order. */
#include <uk/heap.h>
#include "vfs_internal.h"

static LIST_HEAD(, chrdev) devices = LIST_HEAD_INITIALIZER(devices);
static void (*listener)(const struct chrdev *dev);

const struct chrdev *chrdev_find(uint64_t rdev)
{
	const struct chrdev *dev;

	LIST_FOREACH (dev, &devices, link)
		if (dev->rdev == rdev)
			return dev;
	return NULL;
}

int chrdev_register(const char *name, uint32_t mode, unsigned int major, unsigned int minor,
		    const struct file_ops *ops)
{
	uint64_t rdev = uk_makedev(major, minor);
	struct chrdev *dev;

	if (chrdev_find(rdev))
		return -EBUSY;
	dev = uk_malloc(sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->name = name;
	dev->mode = S_IFCHR | (mode & 0777);
	dev->rdev = rdev;
	dev->ops = ops;
	LIST_INSERT_HEAD(&devices, dev, link);
	if (listener)
		listener(dev);
	return 0;
}

void chrdev_listen(void (*appeared)(const struct chrdev *dev))
{
	const struct chrdev *dev;

	listener = appeared;
	LIST_FOREACH (dev, &devices, link)
		appeared(dev);
}
