/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP, IPv6 and raw sockets over the loopback interface. */
#include "t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static struct sockaddr_in6 loopback6(uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	in6.sin6_addr = in6addr_loopback;
	return in6;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 in6 = {.sin6_port = 0};
	socklen_t len = sizeof(in6);

	CHECK_OK(getsockname(fd, (struct sockaddr *)&in6, &len));
	return ntohs(in6.sin6_port); /* in the same place for both families */
}

static int udp_bound(void)
{
	struct sockaddr_in in = loopback(0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_OK(fd);
	CHECK_OK(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	return fd;
}

/* --- UDP ----------------------------------------------------------------------------------------
 */

static void to_and_from(void)
{
	int a = udp_bound(), b = udp_bound(), count;
	struct sockaddr_in in = loopback(port_of(b)), from = {0};
	socklen_t len = sizeof(from);
	char data[64];

	CHECK_EQ(sendto(a, "hello", 5, 0, (struct sockaddr *)&in, sizeof(in)), 5);
	CHECK_EQ(sendto(a, "", 0, 0, (struct sockaddr *)&in, sizeof(in)), 0);
	CHECK_EQ(sendto(a, "second one", 10, 0, (struct sockaddr *)&in, sizeof(in)), 10);
	CHECK_OK(ioctl(b, FIONREAD, &count));
	CHECK_EQ(count, 5);
	CHECK_EQ(recvfrom(b, data, sizeof(data), MSG_PEEK, NULL, NULL), 5);
	CHECK_EQ(recvfrom(b, data, sizeof(data), 0, (struct sockaddr *)&from, &len), 5);
	CHECK_EQ(memcmp(data, "hello", 5), 0);
	CHECK_EQ(len, sizeof(from));
	CHECK_EQ(ntohs(from.sin_port), port_of(a));
	CHECK_EQ(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	CHECK_EQ(recv(b, data, sizeof(data), 0), 0);
	CHECK_EQ(recv(b, data, 6, MSG_TRUNC), 10);
	CHECK_ERR(recv(b, data, sizeof(data), MSG_DONTWAIT), EAGAIN);
	close(a);
	close(b);
}

static void connected(void)
{
	int a = udp_bound(), b = udp_bound(), c = udp_bound();
	struct sockaddr_in to_a = loopback(port_of(a)), to_b = loopback(port_of(b)), name;
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(name);
	char data[8];

	CHECK_ERR(send(a, "x", 1, 0), EDESTADDRREQ);
	CHECK_ERR(getpeername(a, (struct sockaddr *)&name, &len), ENOTCONN);
	CHECK_OK(connect(a, (struct sockaddr *)&to_b, sizeof(to_b)));
	CHECK_OK(getpeername(a, (struct sockaddr *)&name, &len));
	CHECK_EQ(name.sin_port, to_b.sin_port);
	CHECK_EQ(send(a, "x", 1, 0), 1);
	CHECK_EQ(recv(b, data, sizeof(data), 0), 1);
	/* Only the peer is heard. */
	CHECK_EQ(sendto(c, "c", 1, 0, (struct sockaddr *)&to_a, sizeof(to_a)), 1);
	CHECK_EQ(sendto(b, "b", 1, 0, (struct sockaddr *)&to_a, sizeof(to_a)), 1);
	CHECK_EQ(recv(a, data, sizeof(data), 0), 1);
	CHECK_EQ(data[0], 'b');
	CHECK_OK(connect(a, &none, sizeof(none)));
	CHECK_ERR(send(a, "x", 1, 0), EDESTADDRREQ);
	close(a);
	close(b);
	close(c);
}

static void errors(void)
{
	static char big[70000];
	int a = udp_bound(), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in in = loopback(port_of(a));

	CHECK_ERR(bind(b, (struct sockaddr *)&in, sizeof(in)), EADDRINUSE);
	CHECK_ERR(sendto(a, big, sizeof(big), 0, (struct sockaddr *)&in, sizeof(in)), EMSGSIZE);
	CHECK_ERR(listen(a, 1), EOPNOTSUPP);
	CHECK_ERR(accept(a, NULL, NULL), EOPNOTSUPP);
	in.sin_port = 0;
	CHECK_ERR(sendto(a, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)), EINVAL);
	CHECK_ERR(sendto(a, "x", 1, 0, (struct sockaddr *)&in, 4), EINVAL);
	in.sin_family = 77;
	CHECK_ERR(sendto(a, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)), EAFNOSUPPORT);
	close(a);
	close(b);
}

static void large_and_many(void)
{
	static char out[40000], in_data[40000];
	int a = udp_bound(), b = udp_bound();
	struct sockaddr_in in = loopback(port_of(b));
	struct pollfd poll_fd = {.fd = b, .events = POLLIN | POLLOUT};
	int got = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 31);
	CHECK_EQ(sendto(a, out, sizeof(out), 0, (struct sockaddr *)&in, sizeof(in)), sizeof(out));
	CHECK_EQ(recv(b, in_data, sizeof(in_data), 0), sizeof(out));
	CHECK_EQ(memcmp(out, in_data, sizeof(out)), 0);
	/* Too many: some are lost, none changed. */
	for (int i = 0; i < 3000; i++)
		sendto(a, out, 1000, 0, (struct sockaddr *)&in, sizeof(in));
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLIN | POLLOUT);
	while (recv(b, in_data, sizeof(in_data), MSG_DONTWAIT) == 1000)
		got++;
	CHECK(got >= 50 && got < 3000);
	close(a);
	close(b);
}

static void messages(void)
{
	int a = udp_bound(), b = udp_bound(), one = 1;
	struct sockaddr_in in = loopback(port_of(b)), from;
	struct iovec parts[2] = {{"ab", 2}, {"cde", 3}}, room[2];
	union {
		struct cmsghdr head;
		char bytes[256];
	} control;
	struct msghdr out = {
		.msg_name = &in, .msg_namelen = sizeof(in), .msg_iov = parts, .msg_iovlen = 2};
	struct msghdr back = {.msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = room,
			      .msg_iovlen = 2,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control)};
	struct mmsghdr many[3];
	char first[3], second[8];
	struct cmsghdr *cmsg;

	CHECK_OK(setsockopt(b, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)));
	CHECK_OK(setsockopt(b, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one)));
	CHECK_EQ(sendmsg(a, &out, 0), 5);
	room[0] = (struct iovec){first, sizeof(first)};
	room[1] = (struct iovec){second, sizeof(second)};
	CHECK_EQ(recvmsg(b, &back, 0), 5);
	CHECK_EQ(memcmp(first, "abc", 3), 0);
	CHECK_EQ(memcmp(second, "de", 2), 0);
	CHECK_EQ(back.msg_namelen, sizeof(from));
	CHECK_EQ(back.msg_flags, 0);
	cmsg = CMSG_FIRSTHDR(&back);
	CHECK(cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_TIMESTAMP);
	cmsg = CMSG_NXTHDR(&back, cmsg);
	if (CHECK(cmsg && cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO)) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
		CHECK_EQ(info.ipi_addr.s_addr, htonl(INADDR_LOOPBACK));
		CHECK_EQ(info.ipi_ifindex, 1);
	}
	for (int i = 0; i < 3; i++)
		many[i].msg_hdr = out;
	CHECK_EQ(sendmmsg(a, many, 3, 0), 3);
	CHECK_EQ(many[2].msg_len, 5);
	for (int i = 0; i < 3; i++)
		many[i].msg_hdr = (struct msghdr){.msg_iov = room, .msg_iovlen = 2};
	CHECK_EQ(recvmmsg(b, many, 3, MSG_WAITFORONE, NULL), 3);
	CHECK_EQ(many[0].msg_len, 5);
	CHECK_ERR(recvmmsg(b, many, 3, MSG_DONTWAIT, NULL), EAGAIN);
	close(a);
	close(b);
}

/* --- IPv6 ---------------------------------------------------------------------------------------
 */

static void both_kinds(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6}, from;
	int fd = socket(AF_INET6, SOCK_STREAM, 0), four, six, server, value = 7;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	socklen_t len = sizeof(value);

	CHECK_OK(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &len));
	CHECK_EQ(value, 0);
	CHECK_OK(bind(fd, (struct sockaddr *)&any, sizeof(any)));
	CHECK_OK(listen(fd, 4));
	in = loopback(port_of(fd));
	in6 = loopback6(port_of(fd));
	four = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK(connect(four, (struct sockaddr *)&in, sizeof(in)));
	len = sizeof(from);
	server = accept(fd, (struct sockaddr *)&from, &len);
	CHECK_EQ(len, sizeof(from));
	CHECK_EQ(from.sin6_family, AF_INET6);
	CHECK(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr));
	CHECK_EQ(write(server, "4", 1), 1);
	close(server);
	six = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_OK(connect(six, (struct sockaddr *)&in6, sizeof(in6)));
	len = sizeof(from);
	server = accept(fd, (struct sockaddr *)&from, &len);
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	close(server);
	close(four);
	close(six);
	close(fd);
}

static void v6_only(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), four = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in in;

	CHECK_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	CHECK_OK(bind(fd, (struct sockaddr *)&any, sizeof(any)));
	CHECK_OK(listen(fd, 4));
	in = loopback(port_of(fd));
	CHECK_ERR(connect(four, (struct sockaddr *)&in, sizeof(in)), ECONNREFUSED);
	close(four);
	/* The same port of IPv4 is free. */
	four = socket(AF_INET, SOCK_STREAM, 0);
	in.sin_addr.s_addr = 0;
	CHECK_OK(bind(four, (struct sockaddr *)&in, sizeof(in)));
	close(four);
	close(fd);
}

static void udp_over_v6(void)
{
	struct sockaddr_in6 in6 = loopback6(0), from;
	int a = socket(AF_INET6, SOCK_DGRAM, 0), b = socket(AF_INET6, SOCK_DGRAM, 0);
	socklen_t len = sizeof(from);
	char data[16];

	CHECK_OK(bind(b, (struct sockaddr *)&in6, sizeof(in6)));
	in6 = loopback6(port_of(b));
	CHECK_EQ(sendto(a, "six", 3, 0, (struct sockaddr *)&in6, sizeof(in6)), 3);
	CHECK_EQ(recvfrom(b, data, sizeof(data), 0, (struct sockaddr *)&from, &len), 3);
	CHECK_EQ(len, sizeof(from));
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	CHECK_EQ(sendto(b, "back", 4, 0, (struct sockaddr *)&from, len), 4);
	CHECK_EQ(recv(a, data, sizeof(data), 0), 4);
	close(a);
	close(b);
}

/* --- raw ----------------------------------------------------------------------------------------
 */

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void raw_ping(void)
{
	struct {
		struct icmphdr head;
		char data[8];
	} echo = {.head = {.type = ICMP_ECHO}, .data = "payload"};
	struct sockaddr_in in = loopback(0);
	char packet[128];
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), tries = 0;
	const struct ip *ip = (const void *)packet;
	const struct icmphdr *icmp;
	ssize_t len;

	CHECK_OK(fd);
	echo.head.un.echo.id = htons(0x1234);
	echo.head.checksum = checksum(&echo, sizeof(echo));
	CHECK_EQ(sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&in, sizeof(in)),
		 sizeof(echo));
	do { /* the request itself is seen, too */
		len = recv(fd, packet, sizeof(packet), 0);
		icmp = (const void *)(packet + ip->ip_hl * 4);
	} while (len > 0 && icmp->type != ICMP_ECHOREPLY && ++tries < 5);
	CHECK_EQ(len, ip->ip_hl * 4 + (ssize_t)sizeof(echo));
	CHECK_EQ(icmp->type, ICMP_ECHOREPLY);
	CHECK_EQ(ntohs(icmp->un.echo.id), 0x1234);
	CHECK_ERR(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
	close(fd);
}

static const struct t_test tests[] = {
	T(to_and_from), T(connected), T(errors),      T(large_and_many), T(messages),
	T(both_kinds),  T(v6_only),   T(udp_over_v6), T(raw_ping),
};

T_MAIN(tests)
