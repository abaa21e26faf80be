# SPDX-License-Identifier: BSD-3-Clause
"""Writes a Tree as a cpio archive in the "newc" format (cpio(5)).

The kernel maps file data from the archive where it lies, so the data of every file that has a full
page starts on a page boundary: the name field before it is filled up with NULs (readers end the
name at the first). Output depends on the tree only: ordered by path, inodes numbered from 1,
owner root. Of hard links the last carries the data, as GNU cpio writes and reads them.
"""
import os
import stat

PAGE = 4096
HEADER = 110
MAX_FILE = 0xffffffff
TRAILER = "TRAILER!!!"


class ArchiveError(Exception):
    pass


class Writer:
    def __init__(self, out):
        self.out = out
        self.position = 0

    def write(self, data):
        self.out.write(data)
        self.position += len(data)

    def pad(self, alignment):
        self.write(bytes(-self.position % alignment))

    def header(self, name, ino, entry, nlink, size):
        name = os.fsencode(name) + b"\0"
        if size >= PAGE:
            name += bytes(-(self.position + HEADER + len(name)) % PAGE)
        mode, mtime, rdev = (entry.mode, entry.mtime, entry.rdev) if entry else (0, 0, 0)
        fields = (ino, mode, 0, 0, nlink, mtime & 0xffffffff, size, 0, 0, os.major(rdev),
                  os.minor(rdev), len(name), 0)
        self.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
        self.pad(4)

    def file_data(self, path, size):
        with open(path, "rb") as file:
            left = size
            while left:
                data = file.read(min(left, 1 << 20))
                if not data:
                    raise ArchiveError(f"{path} became shorter while it was read")
                self.write(data)
                left -= len(data)
        self.pad(4)


def write_archive(entries, out):
    """`entries`: guest path -> tree.Entry."""
    writer, inodes, remaining = Writer(out), {}, {}
    for entry in entries.values():
        if entry.identity:
            remaining[entry.identity] = remaining.get(entry.identity, 0) + 1
    links = dict(remaining)
    for path in sorted(entries, key=lambda path: path.split("/")):
        entry = entries[path]
        ino = inodes.setdefault(entry.identity or path, len(inodes) + 1)
        name = path.lstrip("/")
        if entry.target is not None:
            target = os.fsencode(entry.target)
            writer.header(name, ino, entry, 1, len(target))
            writer.write(target)
            writer.pad(4)
        elif stat.S_ISREG(entry.mode):
            remaining[entry.identity] -= 1
            size = 0 if remaining[entry.identity] else os.stat(entry.host).st_size
            if size > MAX_FILE:
                raise ArchiveError(f"{entry.host}: larger than the format's 4 GiB")
            writer.header(name, ino, entry, links[entry.identity], size)
            writer.file_data(entry.host, size)
        else:
            writer.header(name, ino, entry, 2 if stat.S_ISDIR(entry.mode) else 1, 0)
    writer.header(TRAILER, 0, None, 1, 0)
    writer.pad(512)
