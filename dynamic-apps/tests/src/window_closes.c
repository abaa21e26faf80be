/* SPDX-License-Identifier: BSD-3-Clause */
/* For runner/hostile.py: a server that makes its receive buffer small when it is told to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT  8000
#define BYTES 8000

static int accept_one(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 1))
		return -1;
	return accept(fd, NULL, NULL);
}

int main(void)
{
	int fd = accept_one(), size = 1, is_right = 1;
	unsigned char data[500];
	ssize_t len = 1;

	puts("accepted");
	fflush(stdout);
	getchar();
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	puts("small");
	fflush(stdout);
	for (size_t got = 0; got < BYTES && len > 0; got += (size_t)len) {
		len = read(fd, data, sizeof(data));
		for (ssize_t i = 0; i < len; i++)
			is_right &= data[i] == (unsigned char)((got + (size_t)i) * 7);
	}
	puts(is_right && len > 0 ? "right" : "wrong");
	return 0;
}
