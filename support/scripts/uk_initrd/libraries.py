# SPDX-License-Identifier: BSD-3-Clause
"""Finds a shared library as the dynamic loader would: ld.so(8) for glibc, musl's own order for musl.

A place to look is a pair (directory here, directory in the guest); the two differ only where
$ORIGIN stands in a search path and the file that says so goes elsewhere in the guest.
"""
import glob
import os

from . import elf

TRIPLETS = {3: "i386-linux-gnu", 40: "arm-linux-gnueabihf", 62: "x86_64-linux-gnu",
            183: "aarch64-linux-gnu", 243: "riscv64-linux-gnu", 22: "s390x-linux-gnu",
            21: "powerpc64le-linux-gnu"}
PLATFORMS = {3: "i686", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
# glibc opens the unwinder by name when it first needs it; no file says so.
GLIBC, GLIBC_UNWINDER = "libc.so.6", "libgcc_s.so.1"
# musl's libc.so is all of these; its loader never looks for them.
MUSL_OWN = {f"lib{name}.so" for name in ("c", "pthread", "rt", "m", "dl", "util", "xnet")}


def is_musl(interp):
    return os.path.basename(interp or "").startswith("ld-musl-")


def ld_so_conf(path="/etc/ld.so.conf", depth=0):
    """The directories of ld.so.conf(5), in order."""
    directories = []
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as conf:
            lines = conf.read().splitlines()
    except OSError:
        return directories
    for line in lines:
        words = line.split("#")[0].replace(",", " ").replace(":", " ").split()
        if words and words[0] == "include" and depth < 8:
            for pattern in words[1:]:
                pattern = os.path.join(os.path.dirname(path), pattern)
                for name in sorted(glob.glob(pattern)):
                    directories += ld_so_conf(name, depth + 1)
        else:
            directories += [word for word in words if word.startswith("/")]
    return directories


def musl_directories(interp):
    """/etc/ld-musl-<arch>.path of the loader's own prefix, or musl's built-in list."""
    arch = os.path.basename(interp)[len("ld-musl-"):].split(".so")[0]
    prefix = os.path.dirname(os.path.dirname(interp)).rstrip("/")
    try:
        with open(f"{prefix}/etc/ld-musl-{arch}.path", encoding="utf-8") as path:
            return path.read().replace(":", "\n").split("\n")
    except OSError:
        return ["/lib", "/usr/local/lib", "/usr/lib"]


def default_directories(machine):
    triplet = TRIPLETS.get(machine)
    directories = [f"/lib/{triplet}", f"/usr/lib/{triplet}"] if triplet else []
    return directories + ["/lib64", "/usr/lib64", "/lib", "/usr/lib"]


def expand(entry, origin, needs):
    """The expansions of one search path entry: with $ORIGIN, $LIB and $PLATFORM."""
    def substitute(text, name, value):
        return text.replace("${" + name + "}", value).replace("$" + name, value)
    entry = substitute(substitute(entry, "ORIGIN", origin), "PLATFORM",
                       PLATFORMS.get(needs.machine, ""))
    libs = [f"lib/{TRIPLETS.get(needs.machine, '')}", "lib64", "lib"]
    return list(dict.fromkeys(substitute(entry, "LIB", lib) for lib in libs))


def path_places(entries, host, guest, needs):
    """Places named by DT_RPATH or DT_RUNPATH of the file `host`, which is `guest` in the guest."""
    places = []
    for entry in filter(None, entries):
        origins = [(os.path.dirname(host), os.path.dirname(guest))]
        if "ORIGIN" in entry:
            origins.append((os.path.dirname(os.path.realpath(host)), os.path.dirname(guest)))
        for here, there in origins:
            places += zip(expand(entry, here, needs), expand(entry, there, needs))
    return places


def fits(path, needs):
    """ld.so passes over a library of another class or machine."""
    try:
        other = elf.read_needs(path)
    except (OSError, elf.ElfError):
        return False
    return (other.machine, other.is_64bit) == (needs.machine, needs.is_64bit)


def find(name, places, needs):
    """(path here, path in the guest) of library `name`, or None."""
    for here, there in places:
        path = os.path.join(here, name)
        if os.path.isfile(path) and fits(path, needs):
            return os.path.normpath(path), os.path.normpath(os.path.join(there, name))
    return None
