/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /init of the Linux guest of the network benchmarks: loads the modules that /modules/list names,
 * one a line in the order they need each other, gives the first network interface QEMU's usual
 * address and runs the program that its arguments name:
 *
 *	/init PROGRAM [ARGUMENT]...
 *
 * When that ends, so does the machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESS "10.0.2.15"
#define NETMASK "255.255.255.0"
#define GATEWAY "10.0.2.2"

static void fail(const char *what)
{
	printf("init: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void mount_at(const char *path, const char *type)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL))
		fail(path);
}

static void load_modules(void)
{
	FILE *list = fopen("/modules/list", "r");
	char path[256] = "/modules/";
	size_t prefix = strlen(path);

	if (!list)
		fail("/modules/list");
	while (fgets(path + prefix, (int)(sizeof(path) - prefix), list)) {
		int fd;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			fail(path);
		close(fd);
	}
	fclose(list);
}

static struct sockaddr inet(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct sockaddr result;

	inet_aton(text, &address.sin_addr);
	memcpy(&result, &address, sizeof(result));
	return result;
}

static void request(int fd, const char *name, unsigned long what, struct ifreq req)
{
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(fd, what, &req))
		fail(name);
}

static void configure_network(void)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request(fd, "lo", SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
	request(fd, "eth0", SIOCSIFADDR, (struct ifreq){.ifr_addr = inet(ADDRESS)});
	request(fd, "eth0", SIOCSIFNETMASK, (struct ifreq){.ifr_netmask = inet(NETMASK)});
	request(fd, "eth0", SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
	route.rt_dst = inet("0.0.0.0");
	route.rt_genmask = inet("0.0.0.0");
	route.rt_gateway = inet(GATEWAY);
	if (ioctl(fd, SIOCADDRT, &route))
		fail("route");
	close(fd);
}

int main(int argc, char **argv)
{
	const struct rlimit files = {65536, 65536};

	if (argc < 2)
		fail("no program is named");
	mount_at("/dev", "devtmpfs");
	mount_at("/proc", "proc");
	mount_at("/sys", "sysfs");
	mount_at("/run", "tmpfs");
	mount_at("/tmp", "tmpfs");
	setrlimit(RLIMIT_NOFILE, &files);
	load_modules();
	configure_network();
	if (!fork()) {
		execv(argv[1], argv + 1);
		fail(argv[1]);
	}
	wait(NULL);
	reboot(RB_AUTOBOOT);
	return 1;
}
