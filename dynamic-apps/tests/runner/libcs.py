# SPDX-License-Identifier: BSD-3-Clause
"""The patched C libraries (vsyscall/*): that they are what Debian's are to everything else, and
that their system calls are calls. How programs fare with them: variants "patched" in programs.py.
"""
import os
import pathlib
import re

from . import guest, servers
from .guest import Failed, Skipped

# variant of a program: (library, its loader)
LIBRARIES = {"patched": ("glibc", "ld-linux-x86-64.so.2"),
             "musl-patched": ("musl", "ld-musl-x86_64.so.1")}
# of the library: (file, this machine's)
FILES = {"glibc": (("ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
                   ("libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6")),
         "musl": (("ld-musl-x86_64.so.1", "/lib/ld-musl-x86_64.so.1"),)}


def pinned(name):
    """The upstream version, from the recipe."""
    text = (guest.ROOT / "vsyscall" / name / "libc.mk").read_text()
    return re.search(r"_VERSION\s*:= ([^-\s]+)", text)[1]


def built(context, name):
    """The folder of a patched library, which is built when it is not there."""
    def make():
        if name == "glibc" and os.confstr("CS_GNU_LIBC_VERSION") != f"glibc {pinned(name)}":
            raise Skipped(f"this machine's glibc is not {pinned(name)}")
        made = guest.run(["make", "-s", "-C", guest.ROOT, f"libc-{name}"], 3000,
                         env={**os.environ, "MAKEFLAGS": ""})
        guest.expect_status(made, 0)
        return guest.ROOT / "build" / "libc" / name
    return context.made(("libc", name), make)


def link_flags(context, variant):
    """So that a program of this variant finds its library, on this machine and in the guest."""
    if variant not in LIBRARIES:
        return []
    name, loader = LIBRARIES[variant]
    folder = built(context, name)
    return [f"-Wl,--dynamic-linker={folder / loader}", f"-Wl,-rpath,{folder}"]


# --- the same to everything else -------------------------------------------------------------------

def exports(path):
    """Names with versions, and the sizes of variables, which programs may have copies of."""
    listed = guest.run(["nm", "-D", "-S", "--defined-only", "--with-symbol-versions", path], 60)
    guest.expect_status(listed, 0)
    found = {}
    for line in listed.output.splitlines():
        *numbers, kind, name = line.split()
        is_variable = kind in "BbDdRrVvu" and len(numbers) == 2
        found[name] = int(numbers[1], 16) if is_variable else None
    return found


def same_exports(context, name):
    for file, machines in FILES[name]:
        if not os.path.exists(machines):
            raise Skipped(f"{machines} is not installed")
        theirs, ours = exports(machines), exports(built(context, name) / file)
        # Its end is our own.
        private = "_rtld_global_ro@@GLIBC_PRIVATE"
        differs = [symbol for symbol, size in theirs.items()
                   if symbol not in ours or (ours[symbol] != size and symbol != private)]
        if differs:
            raise Failed(f"{file}: not as Debian's: {' '.join(sorted(differs)[:8])}")


# --- calls -----------------------------------------------------------------------------------------

CALLS = {"glibc": ("libc.so.6", r"call\s+\*%fs:0x20$"),
         "musl": ("ld-musl-x86_64.so.1", r"call\s+\*0x[0-9a-f]+\(%rip\)")}
LEAST_CALLS = 400
# The instruction stays where a return address would be lost: vsyscall/*/sysinfo.patch says where.
INSTRUCTIONS = 8


def functions(path):
    """Lists of instructions between the symbols there are; a stripped file has few."""
    listed = guest.run(["objdump", "-d", "--no-show-raw-insn", path], 120)
    guest.expect_status(listed, 0)
    for part in listed.output.split("\n\n"):
        head, *lines = part.strip().splitlines() or [""]
        if head.endswith(">:"):
            yield head.split("<")[1][:-2], [line.split("\t", 1)[-1].strip() for line in lines]


def calls(context, name):
    """How many there are, and that no piece of code that makes one looks below its stack."""
    file, pattern = CALLS[name]
    count = instructions = 0
    for symbol, lines in functions(built(context, name) / file):
        instructions += sum(line == "syscall" for line in lines)
        here = sum(bool(re.match(pattern, line)) for line in lines)
        count += here
        if here and name == "glibc" and any(re.search(r"-0x[0-9a-f]+\(%rsp\)", line)
                                            for line in lines if not line.startswith("lea")):
            raise Failed(f"{symbol} has calls and data in the red zone")
    if count < LEAST_CALLS or instructions > INSTRUCTIONS:
        raise Failed(f"{count} calls, and {instructions} times the instruction")


# --- the catalogue ---------------------------------------------------------------------------------

def in_archive(context, libc):
    """LIBC= decides which library is in an app's archive; either way the app runs."""
    initrd, command = servers.app_initrd(context, "lua", libc)
    library = built(context, "glibc") / "libc.so.6" if libc == "patched" else FILES["glibc"][1][1]
    if pathlib.Path(library).read_bytes() not in initrd.read_bytes():
        raise Failed(f"{library} is not in {initrd}")
    result = guest.boot(context, initrd, command)
    guest.expect_status(result, 0)
    wanted = (guest.ROOT / "dynamic-apps" / "lua" / "expected").read_text()
    if result.output != wanted:
        raise Failed(f"the output is {result.output!r:.200}")


def tests(context):
    for name in FILES:
        yield f"libc/{name}/exports", lambda n=name: same_exports(context, n)
        yield f"libc/{name}/calls", lambda n=name: calls(context, n)
    for libc in "patched", "distro":
        yield f"libc/app/{libc}", lambda l=libc: in_archive(context, l)
