# SPDX-License-Identifier: BSD-3-Clause
"""Bad input: each ends with one clear line and a defined status. 125: the kernel or its
configuration; 126: there, but cannot be run; 127: not there; 128+N: the program died of signal N.
"""
import struct

from . import guest
from .guest import Failed, cpio, cpio_member

EXIT_CONFIG, EXIT_CANNOT_RUN, EXIT_NOT_FOUND = 125, 126, 127
SIGSEGV, SIGBUS = 128 + 11, 128 + 7

# --- faults of a program -------------------------------------------------------------------------

# argument of faults.c: (status, what the kernel's line says)
FAULTS = {
    "null-call": (139, "SIGSEGV"), "null-read": (139, "SIGSEGV"), "null-write": (139, "SIGSEGV"),
    "wild-read": (139, "SIGSEGV"), "non-canonical": (139, "SIGSEGV"),
    "kernel-call": (139, "SIGSEGV"), "stack-overflow": (139, "stack overflow"),
    "bad-stack": (139, "SIGSEGV"), "high-stack": (139, "SIGSEGV"),
    "execute-data": (139, "executing"),
    "execute-stack": (139, "executing"), "write-text": (139, "writing"),
    "write-constant": (139, "writing"), "illegal": (132, "SIGILL"), "divide": (136, "SIGFPE"),
    "breakpoint": (133, "SIGTRAP"), "abort": (134, "SIGABRT"), "terminate": (143, ""),
    "kill": (137, ""), "bad-syscall": (3, "999"), "exit-300": (44, ""), "exit-7": (7, ""),
    "exhaust": (137, "out of memory"),
}


def fault(context, way):
    status, text = FAULTS[way]
    program = guest.compile_c(context, guest.TESTS / "src" / "faults.c", "faults")
    if way != "exhaust":
        guest.expect_status(guest.on_host([program, way]), status)
    initrd = guest.mkinitrd(context, "faults", [(program, "/faults")])
    result = guest.boot(context, initrd, f"/faults {way}", params="", memory=64)
    guest.expect_text(result, f"about to: {way}")
    expect_report(result, status, text)


def expect_report(result, status, text):
    """The status, and a line of the kernel's that says why."""
    guest.expect_status(result, status)
    if text and not any(text in line for line in result.lines()):
        raise Failed(f"no line of the kernel says {text!r}: {' | '.join(result.lines()[:4])}")


# --- ELF files -----------------------------------------------------------------------------------

# offsets in Elf64_Ehdr and Elf64_Phdr
E_CLASS, E_DATA, E_VERSION = 4, 5, 6
E_TYPE, E_MACHINE, E_ENTRY, E_PHOFF, E_PHENTSIZE, E_PHNUM = 16, 18, 24, 32, 54, 56
P_TYPE, P_FLAGS, P_OFFSET, P_VADDR, P_FILESZ, P_MEMSZ, P_ALIGN = 0, 4, 8, 16, 32, 40, 48
PT_LOAD, PT_INTERP = 1, 3


def patched(data, at, form, value):
    out = bytearray(data)
    struct.pack_into("<" + form, out, at, value)
    return bytes(out)


def phdr_at(data, kind, last=False):
    """Offset of the first (or last) program header of this kind."""
    phoff, = struct.unpack_from("<Q", data, E_PHOFF)
    count, = struct.unpack_from("<H", data, E_PHNUM)
    found = [phoff + 56 * i for i in range(count)
             if struct.unpack_from("<I", data, phoff + 56 * i)[0] == kind]
    return found[-1 if last else 0]


def load(field, form, value, last=False):
    """A change of a field of a PT_LOAD."""
    return lambda data: patched(data, phdr_at(data, PT_LOAD, last) + field, form, value)


def field(at, form, value):
    return lambda data: patched(data, at, form, value)


def unterminated_interp(data):
    at = phdr_at(data, PT_INTERP)
    size, = struct.unpack_from("<Q", data, at + P_FILESZ)
    return patched(data, at + P_FILESZ, "Q", size - 1)


# name: (change, status, base program). A file that ends too early may also run into SIGBUS.
ELF_FILES = {
    "empty": (lambda data: b"", EXIT_CANNOT_RUN),
    "header-cut": (lambda data: data[:40], EXIT_CANNOT_RUN),
    "phdrs-cut": (lambda data: data[:100], EXIT_CANNOT_RUN),
    "magic": (lambda data: b"\x7fELG" + data[4:], EXIT_CANNOT_RUN),
    "text": (lambda data: b"just some text\n", EXIT_CANNOT_RUN),
    "class-32": (field(E_CLASS, "B", 1), EXIT_CANNOT_RUN),
    "type-rel": (field(E_TYPE, "H", 1), EXIT_CANNOT_RUN),
    "type-core": (field(E_TYPE, "H", 4), EXIT_CANNOT_RUN),
    "machine": (field(E_MACHINE, "H", 183), EXIT_CANNOT_RUN),
    "phentsize": (field(E_PHENTSIZE, "H", 55), EXIT_CANNOT_RUN),
    "phnum-0": (field(E_PHNUM, "H", 0), EXIT_CANNOT_RUN),
    "phnum-65535": (field(E_PHNUM, "H", 65535), EXIT_CANNOT_RUN),
    "phoff": (field(E_PHOFF, "Q", 1 << 40), EXIT_CANNOT_RUN),
    "phoff-wraps": (field(E_PHOFF, "Q", (1 << 64) - 32), EXIT_CANNOT_RUN),
    "filesz-larger": (load(P_FILESZ, "Q", 1 << 50), EXIT_CANNOT_RUN),
    "memsz-wraps": (load(P_MEMSZ, "Q", (1 << 64) - 4096), EXIT_CANNOT_RUN),
    "vaddr-kernel": (load(P_VADDR, "Q", 0xFFFFFFFF80000000), EXIT_CANNOT_RUN),
    "vaddr-zero": (load(P_VADDR, "Q", 0), EXIT_CANNOT_RUN),
    # odd but loadable: the program that comes out is wrong, and dies of it
    "vaddr-offset": (load(P_VADDR, "Q", 0x400123), (EXIT_CANNOT_RUN, SIGSEGV)),
    "align": (load(P_ALIGN, "Q", 3), (EXIT_CANNOT_RUN, 0)),  # Linux passes over it
    "entry-wild": (field(E_ENTRY, "Q", 0x1234567890), (EXIT_CANNOT_RUN, SIGSEGV)),
    "half": (lambda data: data[:len(data) // 2], (EXIT_CANNOT_RUN, SIGBUS, SIGSEGV)),
    "interp-unterminated": (unterminated_interp, EXIT_CANNOT_RUN, "dynamic"),
}


def elf_file(context, name):
    change, status, *variant = ELF_FILES[name]
    program = guest.compile_c(context, guest.ROOT / "bench" / "hello.c",
                              f"hello-{variant[0] if variant else 'static'}",
                              variant[0] if variant else "static")
    data = cpio(cpio_member("bad", 0o100755, change(program.read_bytes())))
    initrd = guest.write_initrd(context, f"elf-{name}", data)
    result = guest.boot(context, initrd, "/bad", params="")
    guest.expect_status(result, status)
    if result.status != 0 and not any("bad" in line for line in result.lines()):
        raise Failed(f"no line names the file: {result.output.strip()[-200:]}")


# --- archives and parameters ---------------------------------------------------------------------


def hello_bytes(context):
    return guest.compile_c(context, guest.ROOT / "bench" / "hello.c", "hello-static").read_bytes()


def member(name="x", mode=0o100644, data=b"", **wrong):
    return cpio_member(name, mode, data, **wrong)


# name: what becomes of an archive's one good member. All end the boot with a word on the initrd.
ARCHIVES = {
    "noise": lambda good: bytes(range(256)) * 64,
    "gzip": lambda good: b"\x1f\x8b\x08" + bytes(4096),
    "header-cut": lambda good: good + b"07070100",
    "file-cut": lambda good: good[:len(good) // 2],
    "magic-later": lambda good: good + member(magic=b"070709") + cpio(),
    "not-hex": lambda good: good + b"070701" + b"ZZZZZZZZ" * 13 + cpio(),
    "filesize-huge": lambda good: cpio(good, member(filesize=0xFFFFFFFF)),
    "namesize-huge": lambda good: cpio(good, member(namesize=0xFFFFFFFF)),
    "namesize-zero": lambda good: cpio(good, member(namesize=0)),
    "dotdot": lambda good: cpio(good, member("../../x", data=b"x")),
    "odd-mode": lambda good: cpio(good, member(mode=0o170644)),
    "no-trailer": lambda good: good,
}


def archive(context, name):
    data = ARCHIVES[name](cpio_member("hello", 0o100755, hello_bytes(context)))
    initrd = guest.write_initrd(context, f"archive-{name}", data)
    expect_report(guest.boot(context, initrd, "/hello", params=""), EXIT_CONFIG, "initrd")


def simple(context, members, args, status, text, params="", **options):
    def test(name):
        hello = hello_bytes(context)
        data = cpio(cpio_member("hello", 0o100755, hello), cpio_member("plain", 0o100644, hello),
                    cpio_member("dir", 0o40755), *members)
        initrd = guest.write_initrd(context, name, data)
        expect_report(guest.boot(context, initrd, args, params=params, **options), status, text)
    return test


def missing_interpreter(context):
    program = guest.compile_c(context, guest.ROOT / "bench" / "hello.c", "hello-dynamic",
                              "dynamic")
    initrd = guest.write_initrd(context, "no-interp",
                                cpio(cpio_member("hello", 0o100755, program.read_bytes())))
    result = guest.boot(context, initrd, "/hello", params="")
    expect_report(result, EXIT_NOT_FOUND, "ld-linux-x86-64.so.2")


def no_initrd(context):
    result = guest.boot(context, None, "/hello", params="")
    expect_report(result, {EXIT_CONFIG, EXIT_NOT_FOUND}, "initrd")


def large_initrd(context, protocol):
    path = context.build / f"large-{protocol}.cpio"
    with open(path, "wb") as out:
        out.write(cpio_member("hello", 0o100755, hello_bytes(context)))
        out.write(cpio_member("big", 0o100644, bytes(96 << 20)))
        out.write(cpio())
    result = guest.boot(context, path, "/hello", params="", memory=32, boot=protocol)
    path.unlink()
    guest.expect_status(result, EXIT_CONFIG)
    if "initrd" not in result.output:  # QEMU itself refuses most of them
        raise Failed(f"no line names the initrd: {result.output.strip()[-200:]}")


def least_ram(context, memory):
    """Too little memory to run: an end with a status, not a hang."""
    initrd = guest.write_initrd(context, "least", cpio(cpio_member("hello", 0o100755,
                                                                   hello_bytes(context))))
    result = guest.boot(context, initrd, "/hello", params="", memory=memory)
    guest.expect_status(result, {EXIT_CONFIG, EXIT_CANNOT_RUN, 137})


def others(context):
    script = cpio_member("script", 0o100755, b"#!/no/such/interpreter\n")
    loop = cpio_member("loop", 0o120777, b"loop")
    own = cpio_member("self.sh", 0o100755, b"#!/self.sh\n")
    yield "program-missing", simple(context, [], "/nothing", EXIT_NOT_FOUND, "/nothing")
    yield "program-not-in-path", simple(context, [], "nothing", EXIT_NOT_FOUND, "nothing")
    yield "program-none", simple(context, [], None, EXIT_CONFIG, "no program")
    yield "program-empty-name", simple(context, [], '""', (EXIT_NOT_FOUND, EXIT_CONFIG), "")
    yield "program-not-executable", simple(context, [], "/plain", EXIT_CANNOT_RUN, "/plain")
    yield "program-directory", simple(context, [], "/dir", EXIT_CANNOT_RUN, "/dir")
    yield "program-below-file", simple(context, [], "/hello/x", (126, 127), "/hello/x")
    yield "program-loop", simple(context, [loop], "/loop", EXIT_CANNOT_RUN, "/loop")
    yield "script-interpreter", simple(context, [script], "/script", EXIT_NOT_FOUND, "/script")
    yield "script-loop", simple(context, [own], "/self.sh", EXIT_CANNOT_RUN, "/self.sh")
    yield "parameter-unknown", simple(context, [], "/hello", EXIT_CONFIG, "bogus", "bogus=1")
    yield "parameter-value", simple(context, [], "/hello", EXIT_CONFIG, "loglevel",
                                    "loglevel=many")
    yield "parameter-list", simple(context, [], "/hello", EXIT_CONFIG, "list",
                                   'env.vars=[ "A=1"')
    yield "parameter-quote", simple(context, [], None, EXIT_CONFIG, "", 'env.vars="')
    for protocol in "pvh", "multiboot":
        yield f"parameter-long-{protocol}", simple(context, [], "/hello " + "x" * 4096,
                                                   EXIT_CONFIG, "4095", boot=protocol)
    yield "interpreter-missing", lambda _: missing_interpreter(context)
    yield "initrd-none", lambda _: no_initrd(context)
    yield "initrd-large-pvh", lambda _: large_initrd(context, "pvh")
    yield "initrd-large-multiboot", lambda _: large_initrd(context, "multiboot")
    yield "memory-2", lambda _: least_ram(context, 2)


def tests(context):
    for way in FAULTS:
        yield f"bad/fault/{way}", lambda w=way: fault(context, w)
    for name in ELF_FILES:
        yield f"bad/elf/{name}", lambda n=name: elf_file(context, n)
    for name in ARCHIVES:
        yield f"bad/cpio/{name}", lambda n=name: archive(context, n)
    for name, test in others(context):
        yield f"bad/boot/{name}", lambda n=name, t=test: t(n)
