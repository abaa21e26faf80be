# SPDX-License-Identifier: BSD-3-Clause
"""What the parts of the benchmark share: where things are, host tools, how guests are started."""
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
BUILD = ROOT / "build" / "bench"
SCRIPTS = ROOT / "support" / "scripts"
LINUX_PACKAGE = "linux-image-cloud-amd64"

# What a patched C library takes the place of; see vsyscall/.
LIBC_FILES = ("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6")

CPU = "max,-erms,-fsrm"
MEMORY = 256
EXIT_PORT = 0xF4
MULTIBOOT_MAGIC = b"\x02\xb0\xad\x1b"
LINUX_PARAMS = "console=ttyS0 quiet reboot=t panic=-1 mitigations=off tsc=reliable"


class Failed(Exception):
    """A measurement that could not be had, with the reason."""


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run(argv, **more):
    """Runs a host tool; its output, or Failed."""
    argv = [str(a) for a in argv]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def attempt(what, function, *args, **more):
    """A measurement that fails leaves a gap in the table and a line on stderr."""
    note(what)
    try:
        return function(*args, **more)
    except (Failed, OSError) as reason:
        note(f"{what}: {reason}")
        return None


def linux_kernel():
    """The newest cloud kernel of the distribution, unpacked under build/, never installed."""
    folder = BUILD / "linux"
    found = sorted(folder.glob("root/boot/vmlinuz-*"))
    if found:
        return found[-1]
    depends = run(["apt-cache", "depends", LINUX_PACKAGE])
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    if not names:
        raise Failed(f"{LINUX_PACKAGE}: no such package (apt-get update?)")
    note(f"fetching {names[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    run(["apt-get", "download", names[0]], cwd=folder)
    package = sorted(folder.glob("*.deb"))[-1]
    run(["dpkg", "-x", package, folder / "root"])
    package.unlink()
    return sorted(folder.glob("root/boot/vmlinuz-*"))[-1]


def patched_libc():
    """What mkinitrd is told to take the patched glibc; Failed when it was not built."""
    built = ROOT / "build" / "libc" / "glibc"
    if not (built / "libc.so.6").exists():
        raise Failed("no patched libc: make libc-glibc")
    argv = []
    for name in LIBC_FILES:
        argv += ["-r", f"{name}={built / pathlib.Path(name).name}"]
    return argv


def qemu_command(kernel, initrd, params, memory):
    argv = ["qemu-system-x86_64", "-M", "microvm", "-accel", "tcg", "-cpu", CPU, "-m", str(memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot",
            "-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=4", "-kernel", str(kernel)]
    if initrd:
        argv += ["-initrd", str(initrd)]
    return argv + (["-append", params] if params else [])


def pvh_image(kernel):
    """Our image as qemu-guest starts it: without Multiboot header it boots by its PVH note."""
    image = bytearray(kernel.read_bytes())
    at = image.find(MULTIBOOT_MAGIC, 0, 8192)
    if at >= 0:
        image[at:at + 4] = bytes(4)
    pvh = BUILD / "narthex-pvh"
    pvh.write_bytes(image)
    return pvh


def last_line(out):
    lines = out.decode(errors="replace").strip().splitlines() if out else []
    return lines[-1] if lines else "no output"


def least_memory(runs, low, high):
    """The least whole number of MiB in [low, high] at which runs(mib) is true, or None."""
    if not runs(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if runs(middle):
            high = middle
        else:
            low = middle + 1
    return high
