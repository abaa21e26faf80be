/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc as far as libcs, language runtimes and tools read it. */
#include "t.h"

#include <dirent.h>
#include <sys/mman.h>

static char text[1 << 18];

/* The value behind `KEY:` in a file of `KEY:  value` lines, or NULL. */
static const char *value_of(const char *path, const char *key)
{
	static char value[256];
	char *line, *save = NULL;

	if (t_get_file(path, text, sizeof(text)) < 0)
		return NULL;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(key);

		if (strncmp(line, key, len) != 0)
			continue;
		line += len;
		line += strspn(line, " \t");
		if (*line != ':')
			continue;
		line += 1 + strspn(line + 1, " \t");
		snprintf(value, sizeof(value), "%s", line);
		return value;
	}
	return NULL;
}

static void self_links(void)
{
	char buf[512] = "", number[32];
	struct stat by_link, by_name;

	CHECK(readlink("/proc/self", buf, sizeof(buf) - 1) > 0);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	CHECK_STR(buf, number);
	memset(buf, 0, sizeof(buf));
	CHECK(readlink("/proc/self/exe", buf, sizeof(buf) - 1) > 0);
	CHECK_EQ(buf[0], '/');
	CHECK_OK(stat("/proc/self/exe", &by_link));
	CHECK_OK(stat(buf, &by_name));
	CHECK_EQ(by_link.st_ino, by_name.st_ino);
	memset(buf, 0, sizeof(buf));
	CHECK(readlink("/proc/self/cwd", buf, sizeof(buf) - 1) > 0);
	CHECK(strstr(buf, T_DIR) == buf);
	CHECK_EQ(readlink("/proc/self/root", buf, sizeof(buf) - 1), 1);
	CHECK_OK(access("/proc/thread-self/stat", R_OK));
}

/* A word of initialised data, to be found in the writable mapping. */
static int own_data = 1;

static void maps_hold_own_parts(void)
{
	uintptr_t wanted[3] = {(uintptr_t)&maps_hold_own_parts, (uintptr_t)&own_data, 0};
	char exe[512] = "", *line, *save = NULL;
	bool found[3] = {false, false, false}, has_vdso = false;
	uintptr_t last = 0;
	int here;

	wanted[2] = (uintptr_t)&here;
	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	CHECK(t_get_file("/proc/self/maps", text, sizeof(text)) > 0);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long low, high, offset, inode;
		unsigned int major, minor;
		char prot[8] = "", name[512] = "";

		if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %511[^\n]", &low, &high, prot, &offset,
			   &major, &minor, &inode, name) < 7) {
			t_fail(__FILE__, __LINE__, "not a line of maps: %s", line);
			continue;
		}
		CHECK(low < high && low >= last);
		last = high;
		has_vdso |= !strcmp(name, "[vdso]");
		if (wanted[0] >= low && wanted[0] < high)
			found[0] = prot[2] == 'x' && prot[1] == '-' && !strcmp(name, exe);
		if (wanted[1] >= low && wanted[1] < high)
			found[1] = !strncmp(prot, "rw-p", 4);
		if (wanted[2] >= low && wanted[2] < high)
			found[2] = !strncmp(prot, "rw-p", 4) && !strcmp(name, "[stack]");
	}
	CHECK(found[0]);
	CHECK(found[1]);
	CHECK(found[2]);
	CHECK(has_vdso);
}

static void maps_follow_mmap(void)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char line[64];

	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
	snprintf(line, sizeof(line), "%08lx-%08lx ---p 00000000 00:00 0 \n",
		 (unsigned long)(p + PAGE), (unsigned long)(p + 2 * PAGE));
	CHECK(t_get_file("/proc/self/maps", text, sizeof(text)) > 0);
	CHECK(strstr(text, line) != NULL);
	munmap(p + PAGE, PAGE);
}

static void status_fields(void)
{
	const char *value = value_of("/proc/self/status", "Pid");
	char name[17] = "", expected[32];

	CHECK_EQ(value ? atoi(value) : -1, getpid());
	value = value_of("/proc/self/status", "Tgid");
	CHECK_EQ(value ? atoi(value) : -1, getpid());
	value = value_of("/proc/self/status", "PPid");
	CHECK_EQ(value ? atoi(value) : -1, getppid());
	value = value_of("/proc/self/status", "Name");
	CHECK(t_get_file("/proc/self/comm", name, sizeof(name)) > 1);
	name[strcspn(name, "\n")] = '\0';
	CHECK_STR(value ? value : "", name);
	value = value_of("/proc/self/status", "Threads");
	CHECK_EQ(value ? atoi(value) : -1, 1);
	value = value_of("/proc/self/status", "VmRSS");
	CHECK(value && atoi(value) > 0 && strstr(value, " kB"));
	value = value_of("/proc/self/status", "VmSize");
	CHECK(value && atoi(value) > 0);
	snprintf(expected, sizeof(expected), "%u\t%u\t%u\t%u", getuid(), geteuid(), geteuid(),
		 geteuid());
	value = value_of("/proc/self/status", "Uid");
	CHECK_STR(value ? value : "", expected);
	value = value_of("/proc/self/status", "State");
	CHECK(value && value[0] == 'R');
	CHECK(value_of("/proc/self/status", "SigBlk") != NULL);
	CHECK(value_of("/proc/self/status", "Cpus_allowed") != NULL);
}

static void stat_fields(void)
{
	int pid = 0, ppid = 0;
	char state = 0, *after, name[64];
	unsigned int fields = 0;

	CHECK(t_get_file("/proc/self/stat", text, sizeof(text)) > 0);
	CHECK_EQ(sscanf(text, "%d (%63[^)])", &pid, name), 2);
	CHECK_EQ(pid, getpid());
	after = strrchr(text, ')');
	if (!CHECK(after != NULL))
		return;
	CHECK_EQ(sscanf(after + 1, " %c %d", &state, &ppid), 2);
	CHECK_EQ(state, 'R');
	CHECK_EQ(ppid, getppid());
	for (char *word = strtok(after + 1, " \n"); word; word = strtok(NULL, " \n"))
		fields++;
	CHECK_EQ(fields, 50);
	CHECK(t_get_file("/proc/self/statm", text, sizeof(text)) > 0);
	{
		unsigned long size = 0, resident = 0;

		CHECK_EQ(sscanf(text, "%lu %lu", &size, &resident), 2);
		CHECK(size > 0 && resident > 0 && resident <= size);
	}
}

static void command_line(void)
{
	ssize_t len = t_get_file("/proc/self/cmdline", text, sizeof(text));

	CHECK(len > 1);
	CHECK_EQ(text[len - 1], '\0');
	CHECK(strstr(text, "procfs") != NULL);
	CHECK(t_get_file("/proc/self/environ", text, sizeof(text)) >= 0);
	CHECK(t_get_file("/proc/self/auxv", text, sizeof(text)) >= 32);
}

static void descriptors(void)
{
	int fd = t_make_file("f", "abc", 3), fds[2], again;
	char path[64], buf[512] = "", c;
	struct dirent *entry;
	bool is_listed = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(readlink(path, buf, sizeof(buf) - 1) > 0);
	CHECK(strlen(buf) > 2 && !strcmp(buf + strlen(buf) - 2, "/f"));
	again = CHECK_OK(open(path, O_RDONLY)); /* a new description of the same file */
	CHECK_EQ(read(again, &c, 1), 1);
	CHECK_EQ(c, 'a');
	close(again);
	CHECK_OK(unlink("f"));
	memset(buf, 0, sizeof(buf));
	CHECK(readlink(path, buf, sizeof(buf) - 1) > 0);
	CHECK(strstr(buf, "/f (deleted)") != NULL);
	CHECK_OK(pipe(fds));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	memset(buf, 0, sizeof(buf));
	CHECK(readlink(path, buf, sizeof(buf) - 1) > 0);
	CHECK(!strncmp(buf, "pipe:[", 6));
	dir = opendir("/proc/self/fd");
	while (dir && (entry = readdir(dir)) != NULL)
		is_listed |= atoi(entry->d_name) == fd && entry->d_name[0] != '.';
	CHECK(is_listed);
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK(value_of(path, "pos") != NULL);
	CHECK_ERR(readlink("/proc/self/fd/9999", buf, sizeof(buf)), ENOENT);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void system_files(void)
{
	const char *value = value_of("/proc/meminfo", "MemTotal");
	double up = 0, idle = 0;
	long btime = 0;
	char *at;

	CHECK(value && atol(value) > 1000 && strstr(value, "kB"));
	value = value_of("/proc/meminfo", "MemAvailable");
	CHECK(value && atol(value) > 0);
	CHECK(value_of("/proc/meminfo", "MemFree") != NULL);
	value = value_of("/proc/cpuinfo", "processor");
	CHECK_STR(value ? value : "", "0");
	value = value_of("/proc/cpuinfo", "flags");
	CHECK(value && strstr(value, "sse2") && strstr(value, "tsc"));
	CHECK(value_of("/proc/cpuinfo", "model name") != NULL);
	CHECK(value_of("/proc/cpuinfo", "cpu MHz") != NULL);
	CHECK(t_get_file("/proc/uptime", text, sizeof(text)) > 0);
	CHECK_EQ(sscanf(text, "%lf %lf", &up, &idle), 2);
	CHECK(up > 0);
	CHECK(t_get_file("/proc/stat", text, sizeof(text)) > 0);
	CHECK(!strncmp(text, "cpu ", 4) && strstr(text, "\ncpu0 "));
	at = strstr(text, "\nbtime ");
	CHECK(at && sscanf(at, " btime %ld", &btime) == 1 && btime > 1000000000);
	CHECK(t_get_file("/proc/version", text, sizeof(text)) > 0);
	CHECK(!strncmp(text, "Linux version ", 14));
	CHECK(t_get_file("/proc/loadavg", text, sizeof(text)) > 0);
	CHECK(t_get_file("/proc/filesystems", text, sizeof(text)) > 0);
	CHECK(strstr(text, "tmpfs") != NULL);
}

static void mount_lists(void)
{
	CHECK(t_get_file("/proc/self/mounts", text, sizeof(text)) > 0);
	CHECK(strstr(text, " / ") != NULL);
	CHECK(strstr(text, " /proc proc ") != NULL);
	CHECK(t_get_file("/proc/mounts", text, sizeof(text)) > 0);
	CHECK(t_get_file("/proc/self/mountinfo", text, sizeof(text)) > 0);
	CHECK(strstr(text, " - ") != NULL);
}

static long number_in(const char *path)
{
	char buf[64];

	return t_get_file(path, buf, sizeof(buf)) > 0 ? atol(buf) : -1;
}

static void sys_files(void)
{
	char buf[128];

	CHECK(number_in("/proc/sys/kernel/pid_max") > 300);
	CHECK(number_in("/proc/sys/vm/overcommit_memory") >= 0);
	CHECK(number_in("/proc/sys/fs/file-max") > 0);
	CHECK(number_in("/proc/sys/fs/nr_open") > 0);
	CHECK(number_in("/proc/sys/vm/max_map_count") > 0);
	CHECK(t_get_file("/proc/sys/kernel/osrelease", buf, sizeof(buf)) > 2);
	CHECK(t_get_file("/proc/sys/kernel/hostname", buf, sizeof(buf)) > 1);
	CHECK(t_get_file("/proc/sys/kernel/random/boot_id", buf, sizeof(buf)) == 37);
}

static void reading_in_pieces(void)
{
	static char whole[4096], pieces[4096];
	ssize_t len, have = 0;
	int fd;

	len = t_get_file("/proc/cpuinfo", whole, sizeof(whole));
	CHECK(len > 0);
	fd = CHECK_OK(open("/proc/cpuinfo", O_RDONLY));
	while (have < len && read(fd, pieces + have, 1) == 1)
		have++;
	CHECK_EQ(have, len);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(pread(fd, pieces, 10, 5), 10);
	CHECK(!memcmp(pieces, whole + 5, 10));
	close(fd);
}

static void what_is_not_there(void)
{
	struct stat st;
	char c;
	int fd;

	CHECK_ERR(stat("/proc/999999", &st), ENOENT);
	CHECK_ERR(open("/proc/self/nothing", O_RDONLY), ENOENT);
	CHECK_ERR(open("/proc/self/nothing", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_OK(stat("/proc/self", &st));
	CHECK(S_ISDIR(st.st_mode));
	CHECK_OK(stat("/proc/meminfo", &st));
	CHECK_EQ(st.st_size, 0);
	CHECK(S_ISREG(st.st_mode));
	fd = CHECK_OK(open("/proc/self/mem", O_RDONLY));
	CHECK_EQ(pread(fd, &c, 1, (off_t)(uintptr_t)&own_data), 1);
	CHECK_EQ(c, own_data);
	close(fd);
}

static void reading_directories(void)
{
	static const char *const names[] = {"/proc", "/proc/self/fd", "/sys/kernel"};
	char c;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = CHECK_OK(open(names[i], O_RDONLY));

		CHECK_ERR(read(fd, &c, 1), EISDIR);
		CHECK_ERR(pread(fd, &c, 1, 0), EISDIR);
		close(fd);
	}
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	CHECK_OK(stat(name, &st));
	return st.st_mode & 07777;
}

/* Permissions are root's to change where Linux lets it, and stay changed. */
static void changed_modes(void)
{
	static const char *const names[] = {"/proc/version", "/sys/kernel/mm"};
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mode_t before = mode_of(names[i]);

		CHECK_OK(chmod(names[i], 0500));
		CHECK_EQ(mode_of(names[i]), 0500);
		CHECK_OK(chmod(names[i], before));
		CHECK_EQ(mode_of(names[i]), before);
	}
	CHECK_OK(chown("/proc/version", 12, 34));
	CHECK_OK(stat("/proc/version", &st));
	CHECK_EQ(st.st_uid, 12);
	CHECK_EQ(st.st_gid, 34);
	CHECK_OK(chown("/proc/version", 0, 0));
	CHECK_ERR(chmod("/proc/self/status", 0600), EPERM);
	CHECK_ERR(chmod("/proc/sys/kernel/ostype", 0600), EPERM);
	CHECK_ERR(chown("/proc/sys/kernel", 1, 1), EPERM);
	CHECK_OK(chown("/proc/self/status", 1, 1)); /* forgotten at the next look */
	CHECK_OK(stat("/proc/self/status", &st));
	CHECK_EQ(st.st_uid, 0);
}

static const struct t_test tests[] = {
	T(self_links),          T(maps_hold_own_parts), T(maps_follow_mmap),  T(status_fields),
	T(stat_fields),         T(command_line),        T(descriptors),       T(system_files),
	T(mount_lists),         T(sys_files),           T(reading_in_pieces), T(what_is_not_there),
	T(reading_directories), T(changed_modes),
};

T_MAIN(tests)
