# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark page: what is measured, its targets, and the Markdown tables."""
from report_net import missing_net, net_text
from report_ways import missing_paths, missing_ways, paths_text, ways_text
from tables import number, ratio, table, verdict

# name of bench.c, what the table calls it, target in instructions (None: no target)
ITEMS = [
    ("loop_empty", "empty loop", None),
    ("clock_gettime_vdso", "clock_gettime, vDSO", 32),
    ("clock_gettime_trap", "clock_gettime, the call", None),
    ("getppid", "getppid", 45),
    ("invalid_call", "invalid call", None),
    ("sched_yield", "sched_yield", 150),
    ("read_zero_1", "read 1 byte /dev/zero", 120),
    ("write_null_1", "write 1 byte /dev/null", None),
    ("pipe_write_read_1", "pipe write+read 1 byte", 450),
    ("eventfd_write_read", "eventfd write+read", 300),
    ("unix_write_read_1", "unix socketpair write+read 1 byte", 550),
    ("unix_dgram_write_read_1", "the same, datagrams", 900),
    ("epoll_wait_ready", "epoll_wait, one ready", 250),
    ("open_read_close", "open+read+close", 1500),
    ("stat", "stat", 600),
    ("pread_4k", "pread 4 KiB, cached", 900),
    ("mmap_touch_munmap_4k", "mmap+touch+munmap 4 KiB", 2500),
    ("touch_64m_per_4k", "touch, per 4 KiB page of 64 MiB", 900),
    ("mprotect_twice", "mprotect twice", 900),
    ("pthread_create_join", "pthread create+join", 10_000),
    ("futex_ping_pong", "futex ping-pong, round", 1000),
    ("pipe_ping_pong", "pipe ping-pong between threads, round", 2000),
    ("unix_ping_pong", "unix socketpair ping-pong, round", 2000),
    ("signal_self", "signal to self with handler", 900),
    ("nanosleep_1us", "nanosleep of 1 µs, with the 1000 of the sleep", 51_000),
    ("timer_arm_disarm", "timer_settime: arm, disarm", None),
]
BOOT_TARGET = 600_000
IMAGE_TARGET = 400 * 1024


# Our own figures about the whole system.
SYSTEM_FIGURES = ("boot_insn_8", "boot_insn_256", "boot_insn_8192", "image_bytes", "least_static",
                  "least_dynamic")


def missing_figures(results, only=None, with_ns=True):
    """Of what was to be measured of ours, what is not there: a guest that crashes leaves gaps."""
    calls = [name for name, _, _ in ITEMS if not only or only in name]
    missing = [f"{kind} {name}" for kind in ("insn", "ns") if kind == "insn" or with_ns
               for name in calls if results[kind].get("Narthex", {}).get(name) is None]
    if not only:
        system = results["system"]
        missing += [name for name in SYSTEM_FIGURES if system.get("Narthex", {}).get(name) is None]
        missing += ["start"] if "Narthex" not in system.get("start", {}) else []
    if "ways" in results:
        missing += missing_ways(results["ways"])
    if "net" in results:
        missing += missing_net(results["net"], with_ns)
        missing += missing_paths(results["net"].get("paths", {}))
    return missing


def calls_table(insn, nanos):
    rows = []
    for name, label, target in ITEMS:
        li, na = (insn.get(who, {}).get(name) for who in ("Linux", "Narthex"))
        li_ns, na_ns = (nanos.get(who, {}).get(name) for who in ("Linux", "Narthex"))
        if li is None and na is None and li_ns is None and na_ns is None:
            continue
        rows.append([label, number(li), number(na), ratio(li, na), verdict(na, target),
                     number(li_ns, 1), number(na_ns, 1), ratio(li_ns, na_ns)])
    return table(["guest call", "insn Linux", "insn Narthex", "ratio", "target", "ns Linux",
                  "ns Narthex", "ratio"], rows)


def system_table(system):
    labels = {
        "boot_insn_8": ("instructions, reset to exit of static hello, -m 8", BOOT_TARGET),
        "boot_insn_256": ("instructions, reset to exit of static hello, -m 256", BOOT_TARGET),
        "boot_insn_8192": ("instructions, reset to exit of static hello, -m 8192", BOOT_TARGET),
        "high_blocks": ("blocks of code translated meanwhile, kernel", None),
        "low_blocks": ("blocks of code translated meanwhile, firmware and program", None),
        "image_bytes": ("kernel image, bytes (ours stripped)", IMAGE_TARGET),
        "least_static": ("least memory, static hello, MiB", 3),
        "least_dynamic": ("least memory, dynamic hello, MiB", 8),
    }
    rows = []
    for key, (label, target) in labels.items():
        li, na = (system.get(who, {}).get(key) for who in ("Linux", "Narthex"))
        if li is not None or na is not None:
            rows.append([label, number(li), number(na), ratio(li, na), verdict(na, target)])
    start = system.get("start", {})
    if start:
        floor = start["exit"] * 1000
        li, na = (start[who] * 1000 if who in start else None for who in ("Linux", "Narthex"))
        rows.append([f"QEMU start to hello's output, ms (exits at once: {floor:.0f})",
                     number(li), number(na), ratio(li, na), verdict(na, round(floor * 1.3))])
    return table(["whole system", "Linux", "Narthex", "ratio", "target"], rows)


def start_text(system):
    """What the start-up time consists of, in the figures of this run."""
    ours, start = system.get("Narthex", {}), system.get("start", {})
    firmware = system.get("exit", {}).get("low_blocks")
    if not firmware or "high_blocks" not in ours or "Narthex" not in start:
        return ""
    kernel, program = ours["high_blocks"], ours["low_blocks"] - firmware
    floor, whole = start["exit"] * 1000, start["Narthex"] * 1000
    each = (whole - floor) * 1000 / (kernel + program)
    return f"""
Under TCG, starting is translating: QEMU translates every block of code when it first runs, and a
boot runs nearly all of its code once. The {whole - floor:.0f} ms between the image that exits at once and
hello's output are {each:.1f} µs for each of {kernel:,} blocks of the kernel and {program:,} of the
program; executing the {ours["insns"]:,} instructions is about 1 ms of it. 1.3 times the image that
exits at once leaves room for {0.3 * floor * 1000 / each:,.0f} blocks, those of the program included.
"""


def parts(results):
    """What follows the tables that every run has."""
    paths = results.get("net", {}).get("paths")
    text = ways_text(results["ways"]) if results.get("ways") else ""
    text += paths_text(paths, results.get("ways", {})) if paths else ""
    return text + (net_text(results["net"]) if "net" in results else "")


def page(results, qemu, setting):
    """The whole page; `setting`: what both guests have in common."""
    linux = results.get("linux_version", "-")
    return f"""# Performance

Made by `make bench`; {qemu}, Linux {linux}.
Both guests run the same static program on {setting}.

- insn: guest instructions per call with `-icount shift=0,sleep=off`, of which the loop itself is
  {results.get('loop', 3):.0f}. Ours repeat exactly; Linux' vary by a few with its layout in memory.
  Calls are made at sites that Narthex makes jumps into the kernel; what they cost as traps is below.
- ns: medians of runs that alternate between the guests, good for the ratio only.
- ratio: Linux to Narthex, above 1 is in our favour.
- QEMU start: the least of several runs that alternate. The image that exits at once
  (`bench/exit.S`) gets the same machine, initrd and parameters.

{calls_table(results['insn'], results['ns'])}

{system_table(results['system'])}
{start_text(results['system'])}{parts(results)}"""
