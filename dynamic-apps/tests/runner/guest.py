# SPDX-License-Identifier: BSD-3-Clause
"""Booting a guest, running on the host, and writing the small archives both need."""
import os
import pathlib
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
TESTS = ROOT / "dynamic-apps" / "tests"
SCRIPTS = ROOT / "support" / "scripts"
# The same everywhere, so that what a program prints can be compared.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "TERM": "linux"}
TIME_LIMIT = 60


class Failed(Exception):
    """The test failed, with the reason."""


class Skipped(Exception):
    """The test cannot run here, with the reason."""


class Context:
    """What every test needs to know about this run. Tests run side by side: what several of them
    need (a program, an archive) is made once, by made()."""

    def __init__(self, kernel, build):
        self.kernel = kernel
        self.build = build
        self.build.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._things = {}
        self._host_locks = {}

    def on_host_alone(self, name):
        """A lock: of what is called `name` one at a time, since names on the host are shared."""
        with self._lock:
            return self._host_locks.setdefault(name, threading.Lock())

    def made(self, key, make):
        """make()'s result, or its failure again, for everyone who asks by this key."""
        with self._lock:
            lock, _ = self._things.setdefault(key, (threading.Lock(), []))
        with lock:
            done = self._things[key][1]
            if not done:
                try:
                    done.append((make(), None))
                except (Failed, Skipped) as why:
                    done.append((None, why))
        thing, why = done[0]
        if why:
            raise why
        return thing


class Result:
    def __init__(self, status, output):
        self.status = status
        self.output = output

    def lines(self, prefix="narthex: "):
        """The kernel's own lines."""
        return [line for line in self.output.splitlines() if line.startswith(prefix)]


def run(argv, timeout, stdin=subprocess.DEVNULL, **more):
    """Output (both streams) and status; the whole process group dies with the time limit."""
    child = subprocess.Popen([str(a) for a in argv], stdin=stdin,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True, **more)
    try:
        out, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, _ = child.communicate()
        return Result(124, out.decode(errors="replace").replace("\r", ""))
    return Result(child.returncode, out.decode(errors="replace").replace("\r", ""))


def guest_argv(context, initrd, args, *, params="loglevel=1", memory=128, machine="microvm",
               cpu="max", boot="pvh", timeout=TIME_LIMIT, extra=None):
    argv = [SCRIPTS / "qemu-guest", "-k", context.kernel, "-m", memory, "-t", machine, "-A", "tcg",
            "-B", boot, "-T", timeout]
    if cpu:
        argv += ["-C", cpu]
    if initrd:
        argv += ["-i", initrd]
    if extra:
        argv += ["-x", extra]
    line = f"{params} -- {args}" if args is not None else params
    return [str(a) for a in argv + ["-a", line.strip()]]


def boot(context, initrd, args, **options):
    """Boots, and returns what came over the console and the status."""
    timeout = options.get("timeout", TIME_LIMIT)
    stdin = options.pop("stdin", subprocess.DEVNULL)
    return run(guest_argv(context, initrd, args, **options), timeout + 30, stdin=stdin)


def host_shell_status(status):
    """subprocess' negative number of a signal, as a shell shows it."""
    return 128 - status if status < 0 else status


def mount_namespace():
    """The command that runs another one with mounts of its own, as root of the machine or, for
    an ordinary user, of a user namespace."""
    if os.geteuid() == 0:
        return ["unshare", "-m", "--"]
    argv = ["unshare", "-r", "-m", "--"]
    if run(argv + ["true"], TIME_LIMIT).status != 0:
        raise Skipped("needs root, or user namespaces, on the host")
    return argv


def on_host(argv, timeout=TIME_LIMIT, is_private=False, **more):
    """Runs on Linux; is_private: with a fresh tmpfs as /tmp, as the guest has it."""
    argv = [str(a) for a in argv]
    if is_private:
        # The tree itself may lie below /tmp: programs and their libraries stay where they are.
        script = ('mount --bind "$0" /mnt && mount -t tmpfs -o mode=1777 none /tmp && '
                  'mkdir -p "$0" && mount --bind /mnt "$0" && umount /mnt && exec "$@"')
        argv = mount_namespace() + ["sh", "-c", script, str(ROOT / "build")] + argv
    result = run(argv, timeout, env=ENVIRONMENT, **more)
    result.status = host_shell_status(result.status)
    return result


def mkinitrd(context, name, files=(), programs=()):
    """`files`: pairs of host path and guest path. A name stands for one content."""
    return context.made(("initrd", name), lambda: _mkinitrd(context, name, files, programs))


def _mkinitrd(context, name, files, programs):
    out = context.build / f"{name}.cpio"
    argv = [SCRIPTS / "mkinitrd", "-o", out]
    for host, guest in files:
        argv += ["-f", f"{host}:{guest}" if guest else str(host)]
    made = run(argv + list(programs), 120)
    if made.status != 0:
        raise Failed(f"mkinitrd: {made.output.strip()}")
    return out


def cpio_member(name, mode, data=b"", **wrong):
    """One member of a newc archive; `wrong` overrides fields, to make what no tool would."""
    fields = {"magic": b"070701", "ino": 1, "mode": mode, "uid": 0, "gid": 0, "nlink": 1,
              "mtime": 0, "filesize": len(data), "devmajor": 0, "devminor": 0, "rdevmajor": 0,
              "rdevminor": 0, "namesize": len(name) + 1, "check": 0} | wrong
    head = fields.pop("magic") + b"".join(b"%08X" % value for value in fields.values())
    head += name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


def cpio(*members):
    return b"".join(members) + cpio_member("TRAILER!!!", 0)


def write_initrd(context, name, data):
    path = context.build / f"{name}.cpio"
    path.write_bytes(data)
    return path


def compile_c(context, source, out, variant="static"):
    """One C file to one program; variants are the ways a Linux program can be linked."""
    return context.made(("program", out), lambda: _compile(context, source, out, variant))


def _compile(context, source, out, variant):
    compilers = {"static": ("gcc", "-fno-pie", "-static", "-no-pie"),
                 "static-pie": ("gcc", "-fPIE", "-static-pie"),
                 "dynamic": ("gcc", "-fPIE", "-pie"),
                 "musl": ("musl-gcc", "-fPIE", "-pie"),
                 "musl-static": ("musl-gcc", "-fno-pie", "-static", "-no-pie"),
                 "patched": ("gcc", "-fPIE", "-pie", "-DT_PATCHED"),
                 "musl-patched": ("musl-gcc", "-fPIE", "-pie", "-DT_PATCHED")}
    from . import libcs  # which imports this module

    compiler, *flags = compilers[variant]
    flags += libcs.link_flags(context, variant)
    # the tests hand wrong arguments to the C library on purpose
    quiet = ["-Wno-clobbered", "-Wno-nonnull", "-Wno-stringop-overflow", "-Wno-stringop-overread",
             "-Wno-array-bounds"]
    table = f"-I{ROOT / 'syscall' / 'x86_64' / 'include'}"  # efault.c reads the table of calls
    path = context.build / out
    try:
        made = run([compiler, "-O2", "-Wall", "-Wextra", *quiet, *flags, table, "-o", path, source],
                   120)
    except FileNotFoundError:
        raise Skipped(f"{compiler} is not installed") from None
    if made.status != 0:
        raise Failed(f"{source.name} does not compile: {made.output.strip()[-400:]}")
    return path


VARIANTS = ("static", "static-pie", "dynamic", "musl", "musl-static")


def expect_status(result, status):
    wanted = status if isinstance(status, (tuple, set)) else (status,)
    if result.status not in wanted:
        said = " | ".join(result.output.strip().splitlines()[-3:])
        raise Failed(f"status {result.status}, not {' or '.join(map(str, wanted))}: {said}")


def expect_text(result, text):
    if text not in result.output:
        said = " | ".join(result.output.strip().splitlines()[-3:])
        raise Failed(f"no {text!r} in the output: {said}")
