/* SPDX-License-Identifier: BSD-3-Clause */
/* How programs ask about the network: AF_NETLINK, getifaddrs(3), ioctl(2), /proc/net and /sys. Told
 * by what every machine has: loopback. */
#include "t.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* --- messages ------------------------------------------------------------------------------- */

static char answer[65536] __attribute__((aligned(16)));

struct request {
	struct nlmsghdr head;
	union {
		struct rtgenmsg any;
		struct ifinfomsg link;
		struct rtmsg route;
	};
	char attributes[64];
};

static struct request request_of(int type, int flags, size_t size)
{
	struct request request;

	memset(&request, 0, sizeof(request));
	request.head.nlmsg_len = NLMSG_LENGTH((unsigned int)size);
	request.head.nlmsg_type = (uint16_t)type;
	request.head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request.head.nlmsg_seq = 77;
	return request;
}

static void add_attribute(struct request *request, int type, const void *data, size_t len)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));

	attribute->rta_type = (uint16_t)type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(attribute), data, len);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + attribute->rta_len;
}

static int new_netlink(void)
{
	return (int)CHECK_OK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

/* The next datagram of answers. */
static struct nlmsghdr *ask(int fd, const struct request *request, int *len)
{
	*len = 0;
	if (CHECK_EQ(send(fd, request, request->head.nlmsg_len, 0), request->head.nlmsg_len))
		*len = (int)CHECK_OK(recv(fd, answer, sizeof(answer), 0));
	return (struct nlmsghdr *)answer;
}

static void check_error(int fd, const struct request *request, int error)
{
	const struct nlmsgerr *got;
	struct nlmsghdr *head;
	int len;

	head = ask(fd, request, &len);
	got = NLMSG_DATA(head);
	if (!CHECK_EQ(head->nlmsg_type, NLMSG_ERROR))
		return;
	CHECK_EQ(head->nlmsg_seq, 77);
	CHECK_EQ(got->error, -error);
	CHECK_EQ(got->msg.nlmsg_type, request->head.nlmsg_type);
	CHECK_EQ(got->msg.nlmsg_seq, 77);
}

static const void *attribute_of(struct nlmsghdr *head, size_t size, int type)
{
	struct rtattr *attribute = (struct rtattr *)((char *)NLMSG_DATA(head) + NLMSG_ALIGN(size));
	int len = (int)NLMSG_PAYLOAD(head, size);

	for (; RTA_OK(attribute, len); attribute = RTA_NEXT(attribute, len))
		if (attribute->rta_type == type)
			return RTA_DATA(attribute);
	return NULL;
}

static void check_loopback(struct nlmsghdr *head)
{
	const struct ifinfomsg *link = NLMSG_DATA(head);
	const char *name = attribute_of(head, sizeof(*link), IFLA_IFNAME);
	const uint32_t *mtu = attribute_of(head, sizeof(*link), IFLA_MTU);

	CHECK_EQ(head->nlmsg_type, RTM_NEWLINK);
	CHECK_EQ(link->ifi_type, ARPHRD_LOOPBACK);
	CHECK_EQ(link->ifi_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING),
		 IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	CHECK(name && !strcmp(name, "lo"));
	CHECK(mtu && *mtu == 65536);
	CHECK(attribute_of(head, sizeof(*link), IFLA_ADDRESS));
	CHECK(attribute_of(head, sizeof(*link), IFLA_STATS));
}

/* --- tests ---------------------------------------------------------------------------------- */

static void names(void)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK}, got;
	socklen_t len = sizeof(got);
	int first = new_netlink(), second = new_netlink();

	CHECK_OK(getsockname(first, (struct sockaddr *)&got, &len));
	CHECK_EQ(len, sizeof(got));
	CHECK_EQ(got.nl_pid, 0);
	CHECK_OK(bind(first, (struct sockaddr *)&name, sizeof(name)));
	CHECK_OK(getsockname(first, (struct sockaddr *)&got, &len));
	CHECK_EQ(got.nl_pid, getpid());
	CHECK_OK(bind(second, (struct sockaddr *)&name, sizeof(name)));
	CHECK_OK(getsockname(second, (struct sockaddr *)&got, &len));
	CHECK(got.nl_pid != 0 && got.nl_pid != (uint32_t)getpid());
	name.nl_pid = got.nl_pid;
	CHECK_ERR(bind(first, (struct sockaddr *)&name, sizeof(name)), EINVAL);
	close(first);
	first = new_netlink();
	CHECK_ERR(bind(first, (struct sockaddr *)&name, sizeof(name)), EADDRINUSE);
	CHECK_ERR(bind(first, (struct sockaddr *)&name, sizeof(name) - 1), EINVAL);
	name.nl_pid = 12345678;
	CHECK_OK(bind(first, (struct sockaddr *)&name, sizeof(name)));
	name.nl_pid = 999;
	CHECK_ERR(sendto(first, answer, 16, 0, (struct sockaddr *)&name, sizeof(name)),
		  ECONNREFUSED);
	close(first);
	close(second);
	CHECK_ERR(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	CHECK_ERR(socket(AF_NETLINK, SOCK_RAW, 31), EPROTONOSUPPORT);
	CHECK_ERR(socketpair(AF_NETLINK, SOCK_RAW, 0, (int[2]){0}), EOPNOTSUPP);
}

static void one_link(void)
{
	struct request request = request_of(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	int fd = new_netlink(), len;

	request.link.ifi_index = (int)if_nametoindex("lo");
	check_loopback(ask(fd, &request, &len));
	request.link.ifi_index = 0;
	check_error(fd, &request, EINVAL);
	add_attribute(&request, IFLA_IFNAME, "lo", 3);
	check_loopback(ask(fd, &request, &len));
	request.link.ifi_index = 7654321;
	check_error(fd, &request, ENODEV);
	request = request_of(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	add_attribute(&request, IFLA_IFNAME, "no-such", 8);
	check_error(fd, &request, ENODEV);
	close(fd);
}

/* A dump is all there is, then a message that says so. */
static void dump(void)
{
	struct request request = request_of(RTM_GETLINK, NLM_F_DUMP, sizeof(struct rtgenmsg));
	struct sockaddr_nl from;
	socklen_t from_len = sizeof(from);
	int fd = new_netlink(), loopbacks = 0;
	bool is_done = false;

	CHECK_EQ(send(fd, &request, request.head.nlmsg_len, 0), request.head.nlmsg_len);
	while (!is_done) {
		struct nlmsghdr *head = (struct nlmsghdr *)answer;
		int whole = (int)CHECK_OK(recv(fd, answer, 1, MSG_PEEK | MSG_TRUNC));
		int len = (int)CHECK_OK(recvfrom(fd, answer, sizeof(answer), 0,
						 (struct sockaddr *)&from, &from_len));

		CHECK_EQ(len, whole);
		CHECK(len <= 4096); /* what libraries have room for */
		CHECK_EQ(from.nl_pid, 0);
		if (len <= 0)
			break;
		for (; NLMSG_OK(head, (unsigned int)len); head = NLMSG_NEXT(head, len)) {
			CHECK_EQ(head->nlmsg_seq, 77);
			CHECK_EQ(head->nlmsg_pid, getpid());
			CHECK_EQ(head->nlmsg_flags & NLM_F_MULTI, NLM_F_MULTI);
			is_done |= head->nlmsg_type == NLMSG_DONE;
			if (is_done ||
			    ((struct ifinfomsg *)NLMSG_DATA(head))->ifi_type != ARPHRD_LOOPBACK)
				continue;
			check_loopback(head);
			loopbacks++;
		}
	}
	CHECK_EQ(loopbacks, 1);
	CHECK_ERR(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), EAGAIN);
	close(fd);
}

static void refused(void)
{
	struct request request = request_of(1000, 0, sizeof(struct rtgenmsg));
	int fd = new_netlink(), len;
	struct nlmsghdr *head;

	check_error(fd, &request, EOPNOTSUPP);
	request = request_of(NLMSG_NOOP, NLM_F_ACK, 0);
	head = ask(fd, &request, &len);
	CHECK_EQ(head->nlmsg_type, NLMSG_ERROR);
	CHECK_EQ(((struct nlmsgerr *)NLMSG_DATA(head))->error, 0);
	/* What is no message is no error; what is cut off is lost. */
	CHECK_EQ(send(fd, "not a message", 13, 0), 13);
	request = request_of(1000, 0, sizeof(struct rtgenmsg));
	CHECK_EQ(send(fd, &request, request.head.nlmsg_len - 1, 0), request.head.nlmsg_len - 1);
	CHECK_ERR(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(send(fd, answer, sizeof(answer) * 10, 0), EMSGSIZE);
	close(fd);
}

static void waiting(void)
{
	struct request request = request_of(RTM_GETADDR, NLM_F_DUMP, sizeof(struct rtgenmsg));
	struct pollfd pollfd = {new_netlink(), POLLIN | POLLOUT, 0};
	struct iovec iov = {answer, 10};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	CHECK_EQ(poll(&pollfd, 1, 0), 1);
	CHECK_EQ(pollfd.revents, POLLOUT);
	CHECK_EQ(send(pollfd.fd, &request, request.head.nlmsg_len, 0), request.head.nlmsg_len);
	CHECK_EQ(poll(&pollfd, 1, 0), 1);
	CHECK_EQ(pollfd.revents, POLLIN | POLLOUT);
	CHECK_EQ(recvmsg(pollfd.fd, &message, 0), 10);
	CHECK_EQ(message.msg_flags, MSG_TRUNC);
	close(pollfd.fd);
}

static void options(void)
{
	int fd = new_netlink(), on = 1, group = RTNLGRP_LINK;
	struct sockaddr_nl got;
	socklen_t len = sizeof(got);

	CHECK_OK(setsockopt(fd, 270, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&got, &len));
	CHECK_EQ(got.nl_groups, 1u << (RTNLGRP_LINK - 1));
	CHECK_OK(setsockopt(fd, 270, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group)));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&got, &len));
	CHECK_EQ(got.nl_groups, 0);
	group = 1000;
	CHECK_ERR(setsockopt(fd, 270, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), EINVAL);
	CHECK_OK(setsockopt(fd, 270, NETLINK_PKTINFO, &on, sizeof(on)));
	CHECK_ERR(setsockopt(fd, 270, 1000, &on, sizeof(on)), ENOPROTOOPT);
	close(fd);
}

static void addresses(void)
{
	struct ifaddrs *list, *entry;
	int links = 0, ip4 = 0, ip6 = 0;

	CHECK_OK(getifaddrs(&list));
	for (entry = list; entry; entry = entry->ifa_next) {
		const struct sockaddr_in *in = (struct sockaddr_in *)entry->ifa_addr;

		if (strcmp(entry->ifa_name, "lo") || !in)
			continue;
		links += in->sin_family == AF_PACKET;
		ip6 += in->sin_family == AF_INET6;
		if (in->sin_family != AF_INET)
			continue;
		ip4++;
		CHECK_EQ(in->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		in = (struct sockaddr_in *)entry->ifa_netmask;
		CHECK_EQ(in->sin_addr.s_addr, htonl(0xff000000));
	}
	freeifaddrs(list);
	CHECK_EQ(links, 1);
	CHECK_EQ(ip4, 1);
	CHECK(ip6 <= 1);
}

static void route_to_ourselves(void)
{
	struct request request = request_of(RTM_GETROUTE, 0, sizeof(struct rtmsg));
	uint32_t loopback = htonl(INADDR_LOOPBACK);
	int fd = new_netlink(), len;
	const uint32_t *index;
	struct nlmsghdr *head;

	request.route.rtm_family = AF_INET;
	request.route.rtm_dst_len = 32;
	add_attribute(&request, RTA_DST, &loopback, sizeof(loopback));
	head = ask(fd, &request, &len);
	CHECK_EQ(head->nlmsg_type, RTM_NEWROUTE);
	index = attribute_of(head, sizeof(struct rtmsg), RTA_OIF);
	CHECK(index && *index == if_nametoindex("lo"));
	close(fd);
}

static void requests(int type)
{
	int fd = (int)CHECK_OK(socket(type, SOCK_DGRAM, 0));
	struct ifreq request = {.ifr_name = "lo"};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	CHECK_OK(ioctl(fd, SIOCGIFINDEX, &request));
	CHECK_EQ(request.ifr_ifindex, (int)if_nametoindex("lo"));
	memset(request.ifr_name, 'x', IFNAMSIZ);
	CHECK_OK(ioctl(fd, SIOCGIFNAME, &request));
	CHECK_STR(request.ifr_name, "lo");
	CHECK_OK(ioctl(fd, SIOCGIFFLAGS, &request));
	CHECK_EQ(request.ifr_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	CHECK_OK(ioctl(fd, SIOCGIFMTU, &request));
	CHECK_EQ(request.ifr_mtu, 65536);
	CHECK_OK(ioctl(fd, SIOCGIFHWADDR, &request));
	CHECK_EQ(request.ifr_hwaddr.sa_family, ARPHRD_LOOPBACK);
	CHECK_OK(ioctl(fd, SIOCGIFTXQLEN, &request));
	CHECK_OK(ioctl(fd, SIOCGIFMETRIC, &request));
	CHECK_EQ(request.ifr_metric, 0);
	if (type == AF_INET) {
		CHECK_OK(ioctl(fd, SIOCGIFADDR, &request));
		CHECK_EQ(in->sin_family, AF_INET);
		CHECK_EQ(in->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		CHECK_OK(ioctl(fd, SIOCGIFNETMASK, &request));
		CHECK_EQ(in->sin_addr.s_addr, htonl(0xff000000));
		CHECK_OK(ioctl(fd, SIOCGIFBRDADDR, &request));
		CHECK_EQ(in->sin_addr.s_addr, 0);
	}
	strcpy(request.ifr_name, "none0");
	CHECK_ERR(ioctl(fd, SIOCGIFFLAGS, &request), ENODEV);
	request.ifr_ifindex = 7654321;
	CHECK_ERR(ioctl(fd, SIOCGIFNAME, &request), ENODEV);
	CHECK_ERR(ioctl(fd, SIOCGIFFLAGS, (void *)8), EFAULT);
	CHECK_ERR(ioctl(fd, 0x89ee, &request), ENOTTY);
	close(fd);
}

static void requests_of_any_socket(void)
{
	requests(AF_INET);
	requests(AF_UNIX);
}

static void list_of_interfaces(void)
{
	struct ifreq entries[32];
	struct ifconf list = {.ifc_len = sizeof(entries)};
	int fd = (int)CHECK_OK(socket(AF_INET, SOCK_DGRAM, 0)), room, loopbacks = 0;

	list.ifc_req = NULL;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &list));
	room = list.ifc_len;
	CHECK(room >= (int)sizeof(entries[0]) && room % (int)sizeof(entries[0]) == 0);
	list.ifc_req = entries;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &list));
	CHECK_EQ(list.ifc_len, room);
	for (int i = 0; i < room / (int)sizeof(entries[0]); i++)
		loopbacks += !strcmp(entries[i].ifr_name, "lo");
	CHECK_EQ(loopbacks, 1);
	list.ifc_len = sizeof(entries[0]) - 1;
	CHECK_OK(ioctl(fd, SIOCGIFCONF, &list));
	CHECK_EQ(list.ifc_len, 0);
	close(fd);
}

/* --- texts ---------------------------------------------------------------------------------- */

static char text[65536];

static const char *file_text(const char *path)
{
	if (!CHECK(t_get_file(path, text, sizeof(text)) >= 0))
		printf("# %s\n", path);
	return text;
}

/* The first line of the file is this one, blanks at its end aside. */
static void check_heading(const char *path, const char *heading)
{
	char *end = (char *)file_text(path) + strcspn(text, "\n");

	while (end > text && end[-1] == ' ')
		end--;
	*end = '\0';
	CHECK_STR(text, heading);
}

static void headings(void)
{
	check_heading("/proc/net/dev", "Inter-|   Receive                                        "
				       "        |  Transmit");
	check_heading("/proc/net/route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric"
					 "\tMask\t\tMTU\tWindow\tIRTT");
	check_heading("/proc/net/arp", "IP address       HW type     Flags       HW address      "
				       "      Mask     Device");
	check_heading(
		"/proc/net/udp",
		"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt "
		"  uid  timeout inode ref pointer drops");
	check_heading("/proc/net/tcp",
		      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt "
		      "  uid  timeout inode");
	check_heading("/proc/net/tcp6",
		      "  sl  local_address                         remote_address                  "
		      "      st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
	check_heading("/proc/net/netlink", "sk               Eth Pid        Groups   Rmem     "
					   "Wmem     Dump  Locks    Drops    Inode");
	CHECK(strstr(file_text("/proc/net/dev"), "    lo: "));
	CHECK(strstr(file_text("/proc/net/snmp"), "\nTcp: RtoAlgorithm RtoMin RtoMax MaxConn "));
	CHECK(strstr(file_text("/proc/net/sockstat"), "\nTCP: inuse "));
	file_text("/proc/net/if_inet6");
	file_text("/proc/self/net/ipv6_route");
}

/* One's own socket is there, with its inode. */
static void listening(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = (int)CHECK_OK(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t len = sizeof(name);
	struct stat status;
	char wanted[100], inode[30];
	const char *line;

	CHECK_OK(bind(fd, (struct sockaddr *)&name, len));
	CHECK_OK(listen(fd, 5));
	CHECK_OK(getsockname(fd, (struct sockaddr *)&name, &len));
	CHECK_OK(fstat(fd, &status));
	snprintf(wanted, sizeof(wanted),
		 ": 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000 ",
		 ntohs(name.sin_port));
	snprintf(inode, sizeof(inode), " 0 %lu 1 ", (unsigned long)status.st_ino);
	line = strstr(file_text("/proc/net/tcp"), wanted);
	CHECK(line && strstr(line, inode));
	close(fd);
	CHECK(!strstr(file_text("/proc/net/tcp"), wanted));
	fd = (int)CHECK_OK(socket(AF_INET, SOCK_DGRAM, 0));
	CHECK_OK(bind(fd, (struct sockaddr *)&name, len));
	snprintf(wanted, sizeof(wanted), ": 0100007F:%04X 00000000:0000 07 00000000:00000000 ",
		 ntohs(name.sin_port));
	CHECK(strstr(file_text("/proc/net/udp"), wanted));
	close(fd);
}

static void sysfs(void)
{
	CHECK_STR(file_text("/sys/class/net/lo/mtu"), "65536\n");
	CHECK_STR(file_text("/sys/class/net/lo/address"), "00:00:00:00:00:00\n");
	CHECK_STR(file_text("/sys/class/net/lo/flags"), "0x9\n");
	CHECK_STR(file_text("/sys/class/net/lo/type"), "772\n");
	CHECK_STR(file_text("/sys/class/net/lo/operstate"), "unknown\n");
	CHECK_EQ(atoi(file_text("/sys/class/net/lo/ifindex")), (int)if_nametoindex("lo"));
	file_text("/sys/class/net/lo/statistics/rx_bytes");
	CHECK_ERR(open("/sys/class/net/none/mtu", O_RDONLY), ENOENT);
}

static const struct t_test tests[] = {
	T(names),
	T(one_link),
	T(dump),
	T(refused),
	T(waiting),
	T(options),
	T(addresses),
	T(route_to_ourselves),
	T(requests_of_any_socket),
	T(list_of_interfaces),
	T(headings),
	T(listening),
	T(sysfs),
};

T_MAIN(tests)
