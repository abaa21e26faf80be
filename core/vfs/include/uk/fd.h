/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Borrowing: the file behind a descriptor of the caller for the length of one call. While nobody
 * shares the table only the caller could close the descriptor, and the caller is busy, so no
 * reference is taken; in a table that threads share one is, since any of them may close it while
 * the call sleeps. That is decided once, when it is borrowed: only its own task can make a private
 * table a shared one, and a shared one may become private while references are held.
 */
#ifndef UK_FD_H
#define UK_FD_H

#include <uk/file.h>
#include <uk/task.h>

struct fd_loan {
	struct file *file; /* NULL: no such descriptor (-EBADF) */
	bool has_reference;
};

/** O_PATH descriptors are not lent. May be called for another one before the first is returned. */
static inline struct fd_loan fd_borrow(int fd)
{
	const struct fdtable *table = current->fdtable;
	struct fd_loan loan = {.file = NULL, .has_reference = false};

	if (uk_unlikely((unsigned int)fd >= table->size))
		return loan;
	loan.file = table->files[fd];
	if (uk_unlikely(!loan.file))
		return loan;
	if (uk_unlikely(loan.file->mode & FILE_PATH)) {
		loan.file = NULL;
		return loan;
	}
	loan.has_reference = table->refcount > 1;
	if (uk_unlikely(loan.has_reference))
		file_get(loan.file);
	return loan;
}

/** Also for a loan without a file. The file may be gone afterwards. */
static inline void fd_return(struct fd_loan loan)
{
	if (uk_unlikely(loan.has_reference))
		file_put(loan.file);
}

#endif /* UK_FD_H */
