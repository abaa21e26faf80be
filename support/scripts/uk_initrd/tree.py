# SPDX-License-Identifier: BSD-3-Clause
"""What goes into the initrd: a map from guest path to Entry, closed over symbolic links, ELF
interpreters and libraries, and #! interpreters.

Invariant: no key has a symbolic link of the map among its parents (`canonical` resolves them), so
every parent of a key is a directory of the map.
"""
import dataclasses
import fnmatch
import os
import shutil
import stat
import sys

from . import elf, libraries

MAX_LINKS = 40
SCRIPT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class TreeError(Exception):
    """Something that must go in cannot; the text is for the user."""


@dataclasses.dataclass
class Entry:
    mode: int
    mtime: int = 0
    host: str | None = None      # a regular file's contents
    target: str | None = None    # a symbolic link's
    identity: tuple = ()         # (st_dev, st_ino): equal for hard links
    rdev: int = 0
    explicit: bool = False       # named by the user: not to be replaced by what a closure finds


def warn(message):
    print(f"mkinitrd: warning: {message}", file=sys.stderr)


class Tree:
    def __init__(self, excluded=(), replaced=None):
        """`excluded`: patterns of host paths that folders keep to themselves. `replaced`: host
        files (real paths) whose contents are those of others."""
        self.excluded = excluded
        self.replaced = replaced or {}
        self.entries = {}
        self.elf_seen = set()

    # --- the map -------------------------------------------------------------------------------

    def canonical(self, guest, depth=0):
        """`guest` with the links of the map among its parents resolved."""
        if depth > MAX_LINKS:
            raise TreeError(f"{guest}: too many symbolic links")
        done, parts = "/", [part for part in guest.split("/") if part not in ("", ".")]
        for i, part in enumerate(parts):
            if part == "..":
                done = os.path.dirname(done)
                continue
            here = os.path.join(done, part)
            entry = self.entries.get(here)
            if entry and entry.target is not None and i + 1 < len(parts):
                rest = "/".join(parts[i + 1:])
                return self.canonical(os.path.join(done, entry.target, rest), depth + 1)
            done = here
        return done

    def put(self, guest, entry, parents_from=None):
        """Adds an entry and the directories above it. `parents_from`: they look like this path's."""
        guest = self.canonical(guest)
        if guest == "/":
            return
        parent = os.path.dirname(guest)
        if parent != "/" and parent not in self.entries:
            made = Entry(stat.S_IFDIR | 0o755)
            if parents_from is not None:
                # Not its time: it says when some other file came or went.
                parents_from = os.path.dirname(parents_from)
                made = Entry(os.stat(parents_from).st_mode)
            self.put(parent, made, parents_from)
        old = self.entries.get(guest)
        if old is not None and stat.S_ISDIR(old.mode) and entry.target is not None:
            self.replace_by_link(guest, entry)
        elif old is None or (entry.explicit and not stat.S_ISDIR(entry.mode)):
            self.entries[guest] = entry

    def replace_by_link(self, guest, link):
        """A directory turns out to be a link on this machine (/bin): its contents move along."""
        moved = {path: entry for path, entry in self.entries.items()
                 if path.startswith(guest + "/")}
        for path in moved:
            del self.entries[path]
        self.entries[guest] = link
        for path, entry in moved.items():
            self.put(path, entry)

    def replace(self):
        """Last: what a file needs is read from the one it stands for."""
        for entry in self.entries.values():
            other = self.replaced.get(entry.host)
            if other is not None:
                if not os.path.isfile(other):
                    raise TreeError(f"{other}: no such file")
                entry.host = other

    # --- files of this machine ------------------------------------------------------------------

    def add_same_path(self, path, is_must=False):
        """A host file or folder at its own path, with every link on the way to it."""
        resolved, parts, links = "/", [part for part in path.split("/") if part], 0
        while parts:
            part = parts.pop(0)
            if part in (".", ".."):
                resolved = os.path.dirname(resolved) if part == ".." else resolved
                continue
            here = os.path.join(resolved, part)
            try:
                status = os.lstat(here)
            except OSError as error:
                raise TreeError(f"{here}: {error.strerror}") from None
            if not stat.S_ISLNK(status.st_mode):
                resolved = here
                continue
            links += 1
            if links > MAX_LINKS:
                raise TreeError(f"{path}: too many symbolic links")
            target = os.readlink(here)
            self.put(here, Entry(status.st_mode, int(status.st_mtime), target=target), here)
            parts = [part for part in target.split("/") if part] + parts
            resolved = "/" if target.startswith("/") else resolved
        self.add_object(resolved, resolved, resolved, is_must=is_must)
        return resolved

    def add_mapped(self, host, guest):
        """What `host` leads to, at another path in the guest; named by the user."""
        if not os.path.exists(host):
            raise TreeError(f"{host}: no such file or folder")
        self.add_object(os.path.realpath(host), guest, None, is_explicit=True)

    def add_object(self, host, guest, parents_from, is_explicit=False, is_must=False):
        status = os.lstat(host)
        entry = Entry(status.st_mode, int(status.st_mtime), explicit=is_explicit)
        if stat.S_ISLNK(status.st_mode):
            entry.target = os.readlink(host)
            self.put(guest, entry, parents_from)
            self.add_link_target(host, guest, entry.target)
        elif stat.S_ISDIR(status.st_mode):
            self.put(guest, entry, parents_from)
            for name in self.names_in(host):
                self.add_object(os.path.join(host, name), os.path.join(guest, name), parents_from
                                and os.path.join(host, name), is_explicit)
        elif stat.S_ISREG(status.st_mode):
            entry.host, entry.identity = host, (status.st_dev, status.st_ino)
            self.put(guest, entry, parents_from)
            self.add_needs(host, guest, status.st_mode, is_must)
        elif stat.S_ISSOCK(status.st_mode):
            warn(f"{host}: a socket; left out")
        else:
            entry.rdev = status.st_rdev
            self.put(guest, entry, parents_from)

    def names_in(self, folder):
        return [name for name in sorted(os.listdir(folder))
                if not any(fnmatch.fnmatchcase(os.path.join(folder, name), pattern)
                           for pattern in self.excluded)]

    def add_link_target(self, host, guest, target):
        """A link found in a folder: what it points to goes where the guest will look for it."""
        there = os.path.normpath(os.path.join(os.path.dirname(guest), target))
        here = os.path.normpath(os.path.join(os.path.dirname(host), target))
        if not os.path.exists(here) or self.canonical(there) in self.entries:
            return
        if here == there:
            self.add_same_path(here)
        elif not here.startswith(os.path.dirname(host) + "/"):
            self.add_object(os.path.realpath(here), there, None)

    # --- what files need ------------------------------------------------------------------------

    def add_needs(self, host, guest, mode, is_must):
        """`is_must`: the file is to run, so what it lacks is an error; else a warning. A script
        that only lies in a folder may be for another machine: then it stays without interpreter.
        """
        guest = self.canonical(guest)
        if guest in self.elf_seen:
            return
        self.elf_seen.add(guest)
        try:
            with open(host, "rb") as file:
                start = file.read(256)
        except OSError as error:
            raise TreeError(f"{host}: {error.strerror}") from None
        try:
            if start.startswith(elf.MAGIC):
                self.add_elf(host, guest, [], None)
            elif start.startswith(b"#!") and (mode & 0o111 or is_must):
                self.add_script(host, start)
        except (elf.ElfError, TreeError) as error:
            text = str(error) if str(error).startswith("/") else f"{host}: {error}"
            if is_must:
                raise TreeError(text) from None
            if not start.startswith(b"#!"):
                warn(text)

    def add_script(self, host, start):
        words = start[2:].split(b"\n")[0].decode("utf-8", "surrogateescape").split()
        if not words:
            raise TreeError(f"{host}: '#!' without an interpreter")
        if not os.path.isfile(words[0]):
            raise TreeError(f"{host}: its interpreter {words[0]} is not on this machine")
        self.add_same_path(words[0], is_must=True)
        if os.path.basename(words[0]) == "env" and len(words) > 1:
            name = next((word for word in words[1:] if word[0] != "-" and "=" not in word), None)
            program = name and shutil.which(name, path=SCRIPT_PATH)
            if not program:
                raise TreeError(f"{host}: interpreter '{name}' is not on this machine")
            self.add_same_path(program, is_must=True)

    def add_elf(self, host, guest, inherited, interp):
        """`inherited`: DT_RPATH places of the files that need this one; `interp`: the program's."""
        needs = elf.read_needs(host)
        if needs.interp is not None:
            interp = needs.interp
            if not os.path.exists(interp):
                raise TreeError(f"{host}: its interpreter {interp} is not on this machine")
            self.add_same_path(interp, is_must=True)
        own = libraries.path_places(needs.rpath, host, guest, needs)
        rpath = [] if needs.runpath else own + inherited
        runpath = libraries.path_places(needs.runpath, host, guest, needs)
        for name in needs.needed:
            self.add_library(name, host, needs, rpath + runpath, rpath, interp)
        if needs.unwinds and libraries.GLIBC in needs.needed:
            self.add_library(libraries.GLIBC_UNWINDER, host, needs, [], [], interp)

    def add_library(self, name, host, needs, places, rpath, interp):
        if libraries.is_musl(interp):
            if name in libraries.MUSL_OWN:
                return
            usual, trusted = libraries.musl_directories(interp), None
        else:
            trusted = libraries.default_directories(needs.machine)
            usual = libraries.ld_so_conf() + trusted
        if "/" in name:
            found = (name, name) if os.path.isfile(name) else None
        else:
            found = libraries.find(name, places, needs)
            if not found:
                found = libraries.find(name, [(path, path) for path in usual if path], needs)
                if found and trusted and os.path.dirname(found[0]) not in trusted:
                    self.add_same_path("/etc/ld.so.cache")  # the loader knows that place by it
        if not found:
            raise TreeError(f"{host}: needs {name}, which is not on this machine")
        here, there = found
        if here == there:
            there = self.add_library_file(here)
        else:
            self.add_mapped_library(here, there)
        if ("deps", there) not in self.elf_seen:
            self.elf_seen.add(("deps", there))
            self.add_elf(here, there, rpath, interp)

    def add_library_file(self, path):
        """The library without its needs (add_elf follows them, with what it inherits)."""
        real = os.path.realpath(path)
        self.elf_seen.add(self.canonical(real))
        return self.add_same_path(path)

    def add_mapped_library(self, here, there):
        status = os.stat(here)
        self.put(there, Entry(status.st_mode, int(status.st_mtime), host=os.path.realpath(here),
                              identity=(status.st_dev, status.st_ino)))
