/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory and string routines. In the kernel they are musl's, built from Debian's source package
 * (support/build/musl.mk); on the build host they are the host libc's. ISO C / POSIX semantics.
 */
#ifndef UK_STRING_H
#define UK_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *s, int byte, size_t len);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

#endif /* UK_STRING_H */
