# SPDX-License-Identifier: BSD-3-Clause
"""A reader for what an ELF file says about the files it needs: interpreter, DT_NEEDED, search paths.

Reads any class, byte order and machine; every offset and count is checked against the file, and an
ElfError names the field that is wrong. See elf(5) and the System V ABI, chapters 4 and 5.
"""
import dataclasses
import struct

MAGIC = b"\x7fELF"
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 15, 29
MAX_SEGMENTS, MAX_DYNAMIC = 4096, 65536
# Functions of the C library that unwind the stack.
UNWINDING = (b"pthread_exit\0", b"pthread_cancel\0", b"thrd_exit\0", b"backtrace\0")


class ElfError(Exception):
    """The file is no well-formed ELF file; the text says where."""


@dataclasses.dataclass
class Needs:
    """What one ELF file needs; strings as they stand in it."""
    machine: int
    is_64bit: bool
    interp: str | None = None
    needed: list = dataclasses.field(default_factory=list)
    rpath: list = dataclasses.field(default_factory=list)
    runpath: list = dataclasses.field(default_factory=list)
    unwinds: bool = False        # names one of UNWINDING


@dataclasses.dataclass
class Segment:
    kind: int
    offset: int
    vaddr: int
    size: int


class Reader:
    """One open file. Layouts: (ehdr, phdr in the order kind offset vaddr filesz, dynamic)."""

    def __init__(self, file):
        self.file = file
        self.size = file.seek(0, 2)
        ident = self.at(0, 16, "e_ident")
        if ident[:4] != MAGIC:
            raise ElfError("no ELF magic")
        if ident[4] not in (1, 2):
            raise ElfError(f"EI_CLASS is {ident[4]}")
        if ident[5] not in (1, 2):
            raise ElfError(f"EI_DATA is {ident[5]}")
        self.is_64bit = ident[4] == 2
        self.order = "<" if ident[5] == 1 else ">"

    def at(self, offset, length, what):
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ElfError(f"{what} lies outside the file")
        self.file.seek(offset)
        data = self.file.read(length)
        if len(data) != length:
            raise ElfError(f"{what} cannot be read")
        return data

    def unpack(self, layout, offset, what):
        layout = struct.Struct(self.order + layout)
        return layout.unpack(self.at(offset, layout.size, what))

    def header(self):
        """(machine, e_phoff, e_phnum)"""
        layout = "16xHHIQQQIHHH" if self.is_64bit else "16xHHIIIIIHHH"
        _, machine, _, _, phoff, _, _, _, phentsize, phnum = self.unpack(layout, 0, "ELF header")
        if phnum and phentsize != (56 if self.is_64bit else 32):
            raise ElfError(f"e_phentsize is {phentsize}")
        if phnum > MAX_SEGMENTS:
            raise ElfError(f"e_phnum is {phnum}")
        return machine, phoff, phnum

    def segments(self, phoff, phnum):
        segments = []
        for i in range(phnum):
            if self.is_64bit:
                kind, _, offset, vaddr, _, size = self.unpack("IIQQQQ", phoff + i * 56,
                                                              "program header")
            else:
                kind, offset, vaddr, _, size = self.unpack("IIIII", phoff + i * 32,
                                                           "program header")
            segments.append(Segment(kind, offset, vaddr, size))
        return segments


def read_interp(reader, segment):
    if segment.size > 4096:
        raise ElfError(f"PT_INTERP is {segment.size} bytes long")
    text = reader.at(segment.offset, segment.size, "PT_INTERP")
    if not text.endswith(b"\0"):
        raise ElfError("PT_INTERP does not end in a NUL")
    return text.split(b"\0")[0].decode("utf-8", "surrogateescape")


def read_dynamic(reader, segment, segments):
    """[(tag, string)] of the entries that are strings, and the string table."""
    layout, width = ("qQ", 16) if reader.is_64bit else ("iI", 8)
    entries = []
    for i in range(min(segment.size // width, MAX_DYNAMIC)):
        tag, value = reader.unpack(layout, segment.offset + i * width, "PT_DYNAMIC")
        if tag == DT_NULL:
            break
        entries.append((tag, value))
    tags = dict(entries)
    wanted = [entry for entry in entries if entry[0] in (DT_NEEDED, DT_RPATH, DT_RUNPATH)]
    if not wanted:
        return [], b""
    if DT_STRTAB not in tags or DT_STRSZ not in tags:
        raise ElfError("DT_NEEDED without DT_STRTAB and DT_STRSZ")
    table = reader.at(file_offset(segments, tags[DT_STRTAB], "DT_STRTAB"), tags[DT_STRSZ],
                      "string table (DT_STRTAB, DT_STRSZ)")
    strings = []
    for tag, value in wanted:
        end = table.find(b"\0", value)
        if value >= len(table) or end < 0:
            raise ElfError(f"string {value} lies outside the string table")
        strings.append((tag, table[value:end].decode("utf-8", "surrogateescape")))
    return strings, table


def file_offset(segments, vaddr, what):
    for segment in segments:
        if segment.kind == PT_LOAD and segment.vaddr <= vaddr < segment.vaddr + segment.size:
            return vaddr - segment.vaddr + segment.offset
    raise ElfError(f"{what} is in no PT_LOAD segment")


def read_needs(path):
    """Needs of the ELF file at `path`; ElfError when it is none or is malformed."""
    with open(path, "rb") as file:
        reader = Reader(file)
        machine, phoff, phnum = reader.header()
        needs = Needs(machine, reader.is_64bit)
        segments = reader.segments(phoff, phnum)
        for segment in segments:
            if segment.kind == PT_INTERP:
                needs.interp = read_interp(reader, segment)
            elif segment.kind == PT_DYNAMIC:
                strings, table = read_dynamic(reader, segment, segments)
                needs.unwinds = any(name in table for name in UNWINDING)
                for tag, text in strings:
                    if tag == DT_NEEDED:
                        needs.needed.append(text)
                    elif tag == DT_RPATH:
                        needs.rpath += text.split(":")
                    else:
                        needs.runpath += text.split(":")
        return needs


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == MAGIC
