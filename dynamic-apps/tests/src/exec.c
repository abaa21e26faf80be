/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve: the program replaces itself several times, each stage checks what the one before left:
 * arguments and environment, close-on-exec, handlers and masks, scripts, and every error first.
 * The stages are told apart by argv[1].
 */
#include "t.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

extern char **environ;

static char exe[512];

static void say(int failures_before, const char *what)
{
	if (t_failures == failures_before)
		printf("ok %s\n", what);
}

/* Same stage protocol for all: the failure count travels in the environment. */
static void go_on(const char *path, char *const argv[])
{
	char count[32];
	char *envp[] = {count, "FIRST=1", "SECOND=two words", NULL};

	snprintf(count, sizeof(count), "FAILURES=%d", t_failures);
	fflush(stdout);
	execve(path, argv, envp);
	t_fail(__FILE__, __LINE__, "execve %s: %s", path, strerror(errno));
	exit(1);
}

static void check_errors(void)
{
	static char *const argv[] = {"x", NULL}, *const envp[] = {NULL};
	char long_name[5000];
	int fd;

	CHECK_ERR(execve("missing", argv, envp), ENOENT);
	CHECK_ERR(execve("", argv, envp), ENOENT);
	CHECK_OK(mkdir("dir", 0755));
	CHECK_ERR(execve("dir", argv, envp), EACCES);
	CHECK_ERR(execve("dir/x/y", argv, envp), ENOENT);
	t_put_file("plain", "just text\n");
	CHECK_ERR(execve("plain", argv, envp), EACCES); /* not executable */
	CHECK_OK(chmod("plain", 0755));
	CHECK_ERR(execve("plain", argv, envp), ENOEXEC);
	CHECK_ERR(execve("plain/x", argv, envp), ENOTDIR);
	t_put_file("empty", "");
	CHECK_OK(chmod("empty", 0755));
	CHECK_ERR(execve("empty", argv, envp), ENOEXEC);
	t_put_file("elf", "\177ELF\2\1\1");
	CHECK_OK(chmod("elf", 0755));
	CHECK_ERR(execve("elf", argv, envp), ENOEXEC);
	t_put_file("script", "#!/no/such/interpreter\n");
	CHECK_OK(chmod("script", 0755));
	CHECK_ERR(execve("script", argv, envp), ENOENT);
	t_put_file("script2", "#!\n");
	CHECK_OK(chmod("script2", 0755));
	CHECK_ERR(execve("script2", argv, envp), ENOEXEC);
	CHECK_OK(symlink("loop", "loop"));
	CHECK_ERR(execve("loop", argv, envp), ELOOP);
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CHECK_ERR(execve(long_name, argv, envp), ENAMETOOLONG);
	CHECK_ERR(execve(exe, (char *const *)8, envp), EFAULT);
	CHECK_ERR(execve(exe, argv, (char *const *)8), EFAULT);
	CHECK_ERR(execve((const char *)8, argv, envp), EFAULT);
	CHECK_ERR(syscall(SYS_execveat, -1, "x", argv, envp, 0), EBADF);
	fd = CHECK_OK(open("plain", O_RDONLY));
	CHECK_ERR(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH), ENOEXEC);
	CHECK_ERR(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH | 0x40000000), EINVAL);
	close(fd);
}

/* What runs is not written, and what is being written does not run. */
static void check_busy(void)
{
	static char *const argv[] = {"x", NULL}, *const envp[] = {NULL};
	int fd;

	CHECK_ERR(open("/proc/self/exe", O_RDWR), ETXTBSY);
	CHECK_ERR(open(exe, O_WRONLY), ETXTBSY);
	CHECK_ERR(open(exe, O_RDONLY | O_TRUNC), ETXTBSY);
	CHECK_ERR(open(exe, O_WRONLY | O_CREAT, 0700), ETXTBSY);
	CHECK_ERR(truncate(exe, 0), ETXTBSY);
	CHECK_OK(close(CHECK_OK(open(exe, O_RDONLY))));
	t_put_file("busy", "#!/no/such/interpreter\n");
	CHECK_OK(chmod("busy", 0755));
	fd = CHECK_OK(open("busy", O_RDWR));
	CHECK_ERR(execve("busy", argv, envp), ETXTBSY);
	close(fd);
	CHECK_ERR(execve("busy", argv, envp), ENOENT);
	fd = CHECK_OK(open("busy", O_RDWR)); /* it failed: free again */
	CHECK_OK(ftruncate(fd, 0));
	close(fd);
	CHECK_OK(truncate("busy", 0));
}

/* Interpreters may be scripts, five deep at most. */
static void check_script_depth(void)
{
	static char *const argv[] = {"x", NULL}, *const envp[] = {NULL};
	char name[16], cwd[256];

	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	for (int i = 0; i < 8; i++) {
		char line[400];

		snprintf(name, sizeof(name), "d%d", i);
		snprintf(line, sizeof(line), "#!%s/d%d\n", cwd, i + 1);
		t_put_file(name, line);
		CHECK_OK(chmod(name, 0755));
	}
	CHECK_ERR(execve("d0", argv, envp), ELOOP);
}

static void on_signal(int signo)
{
	(void)signo;
}

/* What must survive and what must not. */
static void leave_traces(void)
{
	sigset_t set;
	int timer;

	CHECK_EQ(dup2(1, 100), 100);
	CHECK_EQ(dup3(1, 101, O_CLOEXEC), 101);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGHUP); /* stays pending */
	umask(077);
	CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer));
	CHECK_EQ(alarm(1000), 0);
	prctl(PR_SET_NAME, "old name");
	mmap((void *)0x10000000UL, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void check_traces(void)
{
	struct sigaction action;
	sigset_t set;
	char name[17] = "";

	CHECK_OK(fcntl(100, F_GETFD));
	CHECK_ERR(fcntl(101, F_GETFD), EBADF);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &action);
	CHECK(action.sa_handler == SIG_IGN);
	sigprocmask(SIG_BLOCK, NULL, &set);
	CHECK(sigismember(&set, SIGTERM));
	sigpending(&set);
	CHECK(sigismember(&set, SIGHUP));
	signal(SIGHUP, SIG_IGN);
	signal(SIGHUP, SIG_DFL);
	CHECK_EQ(umask(022), 077);
	for (int id = 0; id < 10; id++)
		CHECK_ERR(syscall(SYS_timer_getoverrun, id), EINVAL);
	CHECK(alarm(0) > 900);
	prctl(PR_GET_NAME, name);
	CHECK(strcmp(name, "old name") != 0);
	CHECK_ERR(msync((void *)0x10000000UL, PAGE, MS_ASYNC), ENOMEM);
	close(100);
}

static void check_environment(void)
{
	CHECK_STR(getenv("FIRST") ? getenv("FIRST") : "", "1");
	CHECK_STR(getenv("SECOND") ? getenv("SECOND") : "", "two words");
	CHECK_EQ(environ[3] == NULL, 1);
}

static void stage_start(void)
{
	static char big[100000];
	char *argv[] = {"new name", "args", "", "with space", big, NULL};
	int before;

	t_running = "exec_errors";
	check_errors();
	say(0, "exec_errors");
	before = t_failures;
	t_running = "exec_script_depth";
	check_script_depth();
	say(before, "exec_script_depth");
	before = t_failures;
	t_running = "exec_busy";
	check_busy();
	say(before, "exec_busy");
	memset(big, 'b', sizeof(big) - 1);
	leave_traces();
	go_on(exe, argv);
}

static void stage_args(int argc, char **argv)
{
	char script[700], cwd[256];
	char *script_argv[] = {"ignored", "from the caller", NULL};
	int before = t_failures;

	t_running = "exec_arguments";
	CHECK_EQ(argc, 5);
	CHECK_STR(argv[0], "new name");
	CHECK_STR(argv[2], "");
	CHECK_STR(argv[3], "with space");
	CHECK_EQ(strlen(argv[4]), 99999);
	check_environment();
	say(before, "exec_arguments");
	before = t_failures;
	t_running = "exec_traces";
	check_traces();
	say(before, "exec_traces");
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL); /* as the stage before left it */
	snprintf(script, sizeof(script), "#! %s \t script and more \n rest\n", exe);
	t_put_file("run.sh", script);
	CHECK_OK(chmod("run.sh", 0755));
	go_on("./run.sh", script_argv);
}

static void stage_script(int argc, char **argv)
{
	char *next[] = {"fd", "fd", NULL};
	int before = t_failures, fd;
	char count[32];
	char *envp[] = {count, NULL};

	t_running = "exec_script";
	CHECK_EQ(argc, 4);
	CHECK_STR(argv[0], exe);
	CHECK_STR(argv[1], "script and more"); /* one argument, ends trimmed */
	CHECK_STR(argv[2], "./run.sh");
	CHECK_STR(argv[3], "from the caller");
	check_environment();
	say(before, "exec_script");
	fd = CHECK_OK(open(exe, O_RDONLY | O_CLOEXEC));
	snprintf(count, sizeof(count), "FAILURES=%d", t_failures);
	fflush(stdout);
	syscall(SYS_execveat, fd, "", next, envp, AT_EMPTY_PATH);
	t_fail(__FILE__, __LINE__, "execveat: %s", strerror(errno));
	exit(1);
}

static void stage_fd(int argc)
{
	char link[512] = "";
	char *next[] = {NULL};
	int before = t_failures;

	t_running = "exec_of_descriptor";
	CHECK_EQ(argc, 2);
	CHECK(readlink("/proc/self/exe", link, sizeof(link) - 1) > 0);
	CHECK_STR(link, exe);
	say(before, "exec_of_descriptor");
	go_on(exe, next); /* no argument at all: Linux makes it one empty string */
}

static void stage_end(int argc, char **argv)
{
	int before = t_failures;

	t_running = "exec_without_arguments";
	CHECK_EQ(argc, 1);
	CHECK_STR(argv[0], "");
	say(before, "exec_without_arguments");
	printf("%d failures\n", t_failures);
	exit(t_failures != 0);
}

int main(int argc, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *count = getenv("FAILURES");

	setvbuf(stdout, NULL, _IOLBF, 0);
	t_running = "exec";
	if (!CHECK(len > 0))
		return 1;
	if (!count) {
		t_enter("exec");
		stage_start();
	}
	t_failures = atoi(count);
	if (argc > 1 && !strcmp(argv[1], "args"))
		stage_args(argc, argv);
	else if (argc > 1 && !strcmp(argv[1], "script and more"))
		stage_script(argc, argv);
	else if (argc > 1 && !strcmp(argv[1], "fd"))
		stage_fd(argc);
	stage_end(argc, argv);
}
