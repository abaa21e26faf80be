/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of local sockets, and connections by name: bind, listen, connect, accept. */
#include "t_unix.h"

#include <sys/resource.h>
#include <sys/time.h>

static void paths(void)
{
	struct stat status;
	int fd = new_bound(SOCK_STREAM, "here"), other;

	check_name(fd, getsockname, "here");
	CHECK_OK(lstat("here", &status));
	CHECK_EQ(status.st_mode, S_IFSOCK | 0755);
	CHECK_ERR(open("here", O_RDWR), ENXIO);
	CHECK_ERR(bind_to(fd, "elsewhere"), EINVAL);
	CHECK_ERR(access("elsewhere", F_OK), ENOENT);
	other = new_socket(SOCK_STREAM);
	CHECK_ERR(bind_to(other, "here"), EADDRINUSE);
	CHECK_ERR(bind_to(other, "none/here"), ENOENT);
	CHECK_ERR(bind_to(other, "here/there"), ENOTDIR);
	t_put_file("file", "");
	CHECK_ERR(bind_to(other, "file"), EADDRINUSE);
	CHECK_OK(symlink("nowhere", "link"));
	CHECK_ERR(bind_to(other, "link"), EADDRINUSE);
	CHECK_OK(fchmod(other, 0700));
	CHECK_OK(bind_to(other, "private"));
	CHECK_OK(lstat("private", &status));
	CHECK_EQ(status.st_mode & 0777, 0700);
	close(other);
	CHECK_OK(access("private", F_OK)); /* the name stays */
	other = new_socket(SOCK_STREAM);
	CHECK_ERR(connect_to(other, "private"), ECONNREFUSED);
	close(other);
	close(fd);
}

/* The socket is where its inode is, whatever it is called. */
static void moved_paths(void)
{
	int fd = new_listener(SOCK_STREAM, "first", 5), other;

	CHECK_OK(rename("first", "second"));
	CHECK_OK(link("second", "third"));
	CHECK_OK(symlink("third", "fourth"));
	other = new_socket(SOCK_STREAM);
	CHECK_ERR(connect_to(other, "first"), ENOENT);
	CHECK_OK(connect_to(other, "fourth"));
	check_name(other, getpeername, "first");
	close(other);
	CHECK_OK(unlink("second"));
	CHECK_OK(unlink("third"));
	other = new_bound(SOCK_STREAM, "first"); /* free again */
	close(other);
	close(fd);
}

static void long_path(void)
{
	struct address address = address_of("");
	char got[sizeof(struct sockaddr_un) + 10];
	int fd = new_socket(SOCK_DGRAM);
	socklen_t len = sizeof(got);

	memset(address.un.sun_path, 'x', sizeof(address.un.sun_path));
	address.len = sizeof(address.un);
	CHECK_OK(bind(fd, ADDRESS(address)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)got, &len));
	CHECK_EQ(len, sizeof(address.un) + 1); /* with a NUL of its own */
	CHECK_EQ(strlen(got + PATH_OFFSET), sizeof(address.un.sun_path));
	len = 5; /* cut off, but the full length is told */
	memset(got, 0, sizeof(got));
	CHECK_OK(getsockname(fd, (struct sockaddr *)got, &len));
	CHECK_EQ(len, sizeof(address.un) + 1);
	CHECK_STR(got + PATH_OFFSET, "xxx");
	close(fd);
	/* A path ends with its first NUL, whatever the length says. */
	fd = new_socket(SOCK_DGRAM);
	address = address_of("short");
	address.len = sizeof(address.un);
	CHECK_OK(bind(fd, ADDRESS(address)));
	check_name(fd, getsockname, "short");
	close(fd);
}

static void abstract_names(void)
{
	struct address address = address_of("@a name\twith");
	int fd, other, third;

	fd = new_socket(SOCK_STREAM);
	address.un.sun_path[3] = '\0'; /* any byte will do */
	CHECK_OK(bind(fd, ADDRESS(address)));
	CHECK_OK(listen(fd, 1));
	other = new_socket(SOCK_STREAM);
	CHECK_ERR(bind(other, ADDRESS(address)), EADDRINUSE);
	CHECK_OK(connect(other, ADDRESS(address)));
	close(other);
	address.len++; /* another name */
	other = new_socket(SOCK_STREAM);
	CHECK_ERR(connect(other, ADDRESS(address)), ECONNREFUSED);
	CHECK_OK(bind(other, ADDRESS(address)));
	close(other);
	address.len--;
	third = new_socket(SOCK_DGRAM); /* each type has its own */
	CHECK_ERR(connect(third, ADDRESS(address)), ECONNREFUSED);
	CHECK_OK(bind(third, ADDRESS(address)));
	close(third);
	close(fd);
	fd = new_socket(SOCK_STREAM); /* gone with its socket */
	CHECK_OK(bind(fd, ADDRESS(address)));
	close(fd);
}

static void no_name(void)
{
	const sa_family_t family = AF_UNIX;
	const struct sockaddr *none = (const struct sockaddr *)&family;
	struct address got = {.len = sizeof(got.un)};
	int fd = new_socket(SOCK_STREAM);

	check_name(fd, getsockname, NULL);
	CHECK_OK(bind(fd, none, sizeof(family)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&got.un, &got.len));
	CHECK_EQ(got.len, PATH_OFFSET + 6);
	CHECK_EQ(got.un.sun_path[0], 0);
	CHECK_EQ(strspn(got.un.sun_path + 1, "0123456789abcdef"), 5);
	CHECK_OK(bind(fd, none, sizeof(family))); /* it has one: nothing to do */
	CHECK_ERR(bind_to(fd, "@other"), EINVAL);
	close(fd);
}

static void bad_names(void)
{
	struct address address = address_of("name");
	int fd = new_socket(SOCK_STREAM);

	CHECK_ERR(bind(fd, (struct sockaddr *)&address.un, 1), EINVAL);
	CHECK_ERR(bind(fd, (struct sockaddr *)&address.un, sizeof(address.un) + 1), EINVAL);
	CHECK_ERR(bind(fd, (struct sockaddr *)&address.un, 1000), EINVAL);
	CHECK_ERR(bind(fd, (struct sockaddr *)8, address.len), EFAULT);
	address.un.sun_family = AF_INET;
	CHECK_ERR(bind(fd, ADDRESS(address)), EINVAL);
	CHECK_ERR(connect(fd, ADDRESS(address)), EINVAL);
	close(fd);
	fd = new_bound(SOCK_DGRAM, "dgram");
	CHECK_ERR(listen(fd, 1), EOPNOTSUPP);
	CHECK_ERR(accept(fd, NULL, NULL), EOPNOTSUPP);
	close(fd);
	fd = new_socket(SOCK_STREAM);
	CHECK_ERR(listen(fd, 1), EINVAL);
	CHECK_ERR(accept(fd, NULL, NULL), EINVAL);
	CHECK_ERR(connect_to(fd, "dgram"), ECONNREFUSED);
	t_put_file("file", "");
	CHECK_ERR(connect_to(fd, "file"), ECONNREFUSED);
	close(fd);
}

static void wrong_type(void)
{
	int fd = new_listener(SOCK_SEQPACKET, "seqpacket", 1), other = new_socket(SOCK_STREAM);

	CHECK_ERR(connect_to(other, "seqpacket"), EPROTOTYPE);
	close(other);
	other = new_socket(SOCK_DGRAM);
	CHECK_ERR(connect_to(other, "seqpacket"), EPROTOTYPE);
	close(other);
	close(fd);
}

static void both_ends(int type)
{
	int listener = new_listener(type, "@both", 5), client, server, value;
	struct address peer = {.len = sizeof(peer.un)};
	socklen_t len = sizeof(value);
	char buf[10];

	CHECK_OK(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &len));
	CHECK_EQ(value, 1);
	CHECK_EQ(ready(listener), 0);
	CHECK_ERR(ioctl(listener, FIONREAD, &value), EINVAL);
	client = new_connected(type, "@both");
	CHECK_EQ(ready(listener), POLLIN);
	CHECK_EQ(ready(client), POLLOUT);
	check_name(client, getpeername, "@both");
	CHECK_EQ(write(client, "early", 5), 5); /* before anybody accepts */
	server = (int)CHECK_OK(
		accept4(listener, (struct sockaddr *)&peer.un, &peer.len, SOCK_CLOEXEC));
	CHECK_EQ(peer.len, PATH_OFFSET);
	CHECK_EQ(fcntl(server, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(server, F_GETFL), O_RDWR);
	check_name(server, getsockname, "@both");
	check_name(server, getpeername, NULL);
	CHECK_EQ(ready(listener), 0);
	CHECK_EQ(read(server, buf, sizeof(buf)), 5);
	CHECK_EQ(write(server, "ho", 2), 2);
	CHECK_EQ(read(client, buf, sizeof(buf)), 2);
	CHECK_ERR(connect_to(client, "@both"), EISCONN);
	CHECK_ERR(connect_to(listener, "@both"), EINVAL);
	CHECK_ERR(listen(client, 1), EINVAL);
	close(listener); /* the connection does not mind */
	CHECK_EQ(write(client, "more", 4), 4);
	CHECK_EQ(read(server, buf, sizeof(buf)), 4);
	close(server);
	CHECK_EQ(read(client, buf, sizeof(buf)), 0);
	check_name(client, getpeername, "@both");
	close(client);
}

static void stream_connection(void)
{
	both_ends(SOCK_STREAM);
}

static void seqpacket_connection(void)
{
	both_ends(SOCK_SEQPACKET);
}

static void named_client(void)
{
	int listener = new_listener(SOCK_STREAM, "server", 1), client, server;
	struct address peer = {.len = sizeof(peer.un)};

	client = new_bound(SOCK_STREAM, "client");
	CHECK_OK(connect_to(client, "server"));
	server = (int)CHECK_OK(accept(listener, (struct sockaddr *)&peer.un, &peer.len));
	CHECK_EQ(peer.len, address_of("client").len);
	CHECK_STR(peer.un.sun_path, "client");
	close(client);
	check_name(server, getpeername, "client");
	close(server);
	close(listener);
}

static void never_accepted(void)
{
	int listener = new_listener(SOCK_STREAM, "@never", 3), client, gone;
	char c;

	gone = new_connected(SOCK_STREAM, "@never");
	CHECK_EQ(write(gone, "x", 1), 1);
	close(gone); /* the server still gets it, and what was sent */
	client = (int)CHECK_OK(accept(listener, NULL, NULL));
	CHECK_EQ(read(client, &c, 1), 1);
	CHECK_EQ(read(client, &c, 1), 0);
	close(client);
	client = new_connected(SOCK_STREAM, "@never");
	close(listener);
	CHECK_EQ(ready(client), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CHECK_ERR(read(client, &c, 1), ECONNRESET);
	CHECK_EQ(read(client, &c, 1), 0);
	close(client);
}

static void backlog(void)
{
	int listener = new_listener(SOCK_STREAM, "@backlog", 1), clients[3], fd;

	for (int i = 0; i < 2; i++) /* one more than asked for */
		clients[i] = new_connected(SOCK_STREAM, "@backlog");
	clients[2] = new_socket(SOCK_STREAM | SOCK_NONBLOCK);
	CHECK_ERR(connect_to(clients[2], "@backlog"), EAGAIN);
	CHECK_OK(listen(listener, 2));
	CHECK_OK(connect_to(clients[2], "@backlog"));
	for (int i = 0; i < 3; i++) {
		fd = (int)CHECK_OK(accept(listener, NULL, NULL));
		close(fd);
		close(clients[i]);
	}
	CHECK_OK(fcntl(listener, F_SETFL, O_NONBLOCK));
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	close(listener);
}

static void *connects(void *name)
{
	int fd = new_connected(SOCK_STREAM, name);

	return (void *)(intptr_t)fd;
}

static void *accepts(void *listener)
{
	sleep_ms(20);
	return (void *)(intptr_t)CHECK_OK(accept((int)(intptr_t)listener, NULL, NULL));
}

static void waiting_for_each_other(void)
{
	int listener = new_listener(SOCK_STREAM, "@waits", 0), clients[4], server;
	struct timeval limit = {0, 20000};
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = start(connects, "@waits");
	for (int i = 0; i < 4; i++) {
		server = (int)CHECK_OK(accept(listener, NULL, NULL));
		close(server);
	}
	for (int i = 0; i < 4; i++) {
		clients[i] = (int)(intptr_t)join(threads[i]);
		close(clients[i]);
	}
	threads[0] = start(accepts, (void *)(intptr_t)listener);
	clients[0] = new_connected(SOCK_STREAM, "@waits");
	close((int)(intptr_t)join(threads[0]));
	/* Time limits */
	CHECK_OK(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	CHECK_ERR(accept(listener, NULL, NULL), EAGAIN);
	clients[1] = new_connected(SOCK_STREAM, "@waits");
	clients[2] = new_socket(SOCK_STREAM);
	CHECK_OK(setsockopt(clients[2], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	CHECK_ERR(connect_to(clients[2], "@waits"), EAGAIN);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	close(listener);
}

static void *shuts_down(void *fd)
{
	sleep_ms(20);
	CHECK_OK(shutdown((int)(intptr_t)fd, SHUT_RD));
	return NULL;
}

static void closed_to_newcomers(void)
{
	int listener = new_listener(SOCK_STREAM, "@shut", 0), late;
	pthread_t thread = start(shuts_down, (void *)(intptr_t)listener);

	CHECK_ERR(accept(listener, NULL, NULL), EINVAL);
	join(thread);
	late = new_socket(SOCK_STREAM);
	CHECK_ERR(connect_to(late, "@shut"), ECONNREFUSED);
	close(late);
	close(listener);
}

static void no_descriptor_left(void)
{
	int listener = new_listener(SOCK_STREAM, "@full", 5), client, server;
	struct rlimit before, none;
	char c;

	client = new_connected(SOCK_STREAM, "@full");
	CHECK_EQ(write(client, "x", 1), 1);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &before));
	none = (struct rlimit){(rlim_t)client + 1, before.rlim_max};
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &none));
	CHECK_ERR(accept(listener, NULL, NULL), EMFILE);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &before));
	server = (int)CHECK_OK(accept(listener, NULL, NULL)); /* it was not lost */
	CHECK_EQ(read(server, &c, 1), 1);
	close(server);
	close(client);
	close(listener);
}

static void credentials(void)
{
	int listener = new_listener(SOCK_STREAM, "@creds", 5), client, server;
	struct ucred creds;
	socklen_t len = sizeof(creds);
	gid_t groups[64];

	client = new_socket(SOCK_STREAM);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &creds, &len));
	CHECK_EQ(creds.pid, 0);
	CHECK_EQ(creds.uid, (uid_t)-1);
	CHECK_EQ(creds.gid, (gid_t)-1);
	CHECK_ERR(getsockopt(client, SOL_SOCKET, SO_PEERSEC, groups, &len), ENOPROTOOPT);
	CHECK_OK(connect_to(client, "@creds"));
	server = (int)CHECK_OK(accept(listener, NULL, NULL));
	for (int i = 0; i < 2; i++) {
		CHECK_OK(getsockopt(i ? client : server, SOL_SOCKET, SO_PEERCRED, &creds, &len));
		CHECK_EQ(len, sizeof(creds));
		CHECK_EQ(creds.pid, getpid());
		CHECK_EQ(creds.uid, geteuid());
		CHECK_EQ(creds.gid, getegid());
	}
	len = sizeof(groups);
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_PEERGROUPS, groups, &len));
	CHECK_EQ(len / sizeof(gid_t), getgroups(0, NULL));
	CHECK_ERR(setsockopt(client, SOL_SOCKET, SO_PEERCRED, &creds, sizeof(creds)), ENOPROTOOPT);
	CHECK_ERR(setsockopt(client, 6, 1, &(int){1}, sizeof(int)), EOPNOTSUPP);
	CHECK_ERR(getsockopt(client, 6, 1, &(int){1}, &len), EOPNOTSUPP);
	close(client);
	close(server);
	close(listener);
}

/* The words of the line of /proc/net/unix that ends with this name; how many there are. */
static int words_of(const char *name, char words[8][32])
{
	char line[300];
	FILE *file = fopen("/proc/net/unix", "r");
	size_t len = strlen(name);
	int count = 0;

	while (file && !count && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) > len && !strcmp(line + strlen(line) - len, name))
			count = sscanf(line, "%31s %31s %31s %31s %31s %31s %31s %31s", words[0],
				       words[1], words[2], words[3], words[4], words[5], words[6],
				       words[7]);
	}
	if (file)
		fclose(file);
	return count;
}

static void listed(void)
{
	int abstract = new_listener(SOCK_STREAM, "@narthex-listed", 1);
	int path = new_bound(SOCK_DGRAM, "narthex-listed");
	char words[8][32], inode[32];
	struct stat status;

	CHECK_OK(fstat(abstract, &status));
	snprintf(inode, sizeof(inode), "%lu", (unsigned long)status.st_ino);
	CHECK_EQ(words_of(" @narthex-listed", words), 8);
	CHECK_STR(words[3], "00010000"); /* it listens */
	CHECK_STR(words[4], "0001");
	CHECK_STR(words[5], "01");
	CHECK_STR(words[6], inode);
	CHECK_EQ(words_of(" narthex-listed", words), 8);
	CHECK_STR(words[3], "00000000");
	CHECK_STR(words[4], "0002");
	CHECK_STR(words[7], "narthex-listed");
	close(abstract);
	CHECK_EQ(words_of(" @narthex-listed", words), 0);
	close(path);
}

/* A thousand connections, so that one that is lost shows. */
static void many(void)
{
	int listener = new_listener(SOCK_STREAM, "@many", 128);
	char c = 0;

	for (int i = 0; i < 1000; i++) {
		int client = new_connected(SOCK_STREAM, "@many");
		int server = (int)CHECK_OK(accept(listener, NULL, NULL));

		CHECK_EQ(write(client, "x", 1), 1);
		CHECK_EQ(read(server, &c, 1), 1);
		close(client);
		CHECK_EQ(read(server, &c, 1), 0);
		close(server);
	}
	close(listener);
}

static const struct t_test tests[] = {
	T(paths),
	T(moved_paths),
	T(long_path),
	T(abstract_names),
	T(no_name),
	T(bad_names),
	T(wrong_type),
	T(stream_connection),
	T(seqpacket_connection),
	T(named_client),
	T(never_accepted),
	T(backlog),
	T(waiting_for_each_other),
	T(closed_to_newcomers),
	T(no_descriptor_left),
	T(credentials),
	T(listed),
	T(many),
};

T_MAIN(tests)
