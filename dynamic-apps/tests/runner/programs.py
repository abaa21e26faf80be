# SPDX-License-Identifier: BSD-3-Clause
"""The C programs of ../src: each must pass on Linux and in the guest and print the same. An
ordinary user runs only the guest's half."""
import os
import pty

from . import guest
from .guest import Failed


def params(more="", *variables):
    """The boot's parameters; programs learn what is special from the environment."""
    names = " ".join(f'"{name}=1"' for name in ("T_GUEST", *variables))
    return f"loglevel=1 {more} env.vars=[ {names} ]"  # t.h: t_is_guest(); t_ways.h


PARAMS = params()

# name: (variants, CPU models, further options of the boot)
EVERY = guest.VARIANTS
PATCHED = ("patched", "musl-patched")  # ../../../vsyscall/*/sysinfo.patch
STATIC = ("static",)
BOTH_CPUS = ("max", "qemu64")
PROGRAMS = {
    "fs_open": (("static", "musl"), ("max",), {}),
    "fs_names": (STATIC, ("max",), {}),
    "fs_data": (("static", "patched"), ("max",), {}),
    "fs_attr": (STATIC, ("max",), {}),
    "fs_fd": (STATIC, ("max",), {}),
    "fs_mount": (STATIC, ("max",), {}),
    "fs_errno": (STATIC, ("max",), {}),
    "mm_map": (("static", "musl-static"), BOTH_CPUS, {}),
    "mm_lock": (("static", "musl"), BOTH_CPUS, {}),
    "mm_fault": (("static", "dynamic"), BOTH_CPUS, {}),
    "signals": (EVERY + PATCHED, BOTH_CPUS, {}),
    "regs": (STATIC, BOTH_CPUS, {}),
    "efault": (STATIC, BOTH_CPUS, {}),
    "efault_sockets": (STATIC, BOTH_CPUS, {}),
    "timing": (("static", "musl"), BOTH_CPUS, {}),
    "timers": (("static", "musl-static"), BOTH_CPUS, {}),
    "itimers": (STATIC, ("max",), {}),
    "timerfd": (STATIC, ("max",), {}),
    "timer_threads": (("static", "dynamic", "musl"), ("max",), {}),
    "process": (("static", "dynamic", "musl", "patched"), ("max",), {}),
    "procinfo": (("static", "dynamic"), ("max",), {}),
    "procfs": (("static", "dynamic"), ("max",), {}),
    "exec": (EVERY + PATCHED, ("max",), {}),
    "elf_layout": (EVERY, BOTH_CPUS, {}),
    "epoll": (("static", "musl"), ("max",), {}),
    "epoll_wait": (STATIC, ("max",), {}),
    "epoll_threads": (("static", "musl", "patched"), ("max",), {}),
    "eventfd": (STATIC, ("max",), {}),
    "signalfd": (("static", "musl"), ("max",), {}),
    "io_threads": (("static", "musl", "patched"), ("max",), {}),
    "pidfd": (STATIC, ("max",), {}),
    "pipe_poll": (("static", "patched"), ("max",), {}),
    "pty": (("static", "musl"), ("max",), {}),
    "random": (STATIC, BOTH_CPUS, {}),
    "threads": (EVERY + PATCHED, BOTH_CPUS, {}),
    "thread_cpu": (("static", "musl"), BOTH_CPUS, {}),
    "thread_limit": (("static", "musl"), ("max",), {"memory": 48}),
    "int_n": (STATIC, BOTH_CPUS, {}),
    "own_gs": (("static",), BOTH_CPUS, {}),
    "thread_sync": (("static", "dynamic", "musl", "patched"), ("max",), {}),
    "thread_signals": (("static", "musl", "patched"), BOTH_CPUS, {}),
    "futex": (("static", "patched"), ("max",), {}),
    "futex_pi": (STATIC, ("max",), {}),
    "cancel": (("dynamic", "musl") + PATCHED, ("max",), {}),
    "sysinfo": (("dynamic", "patched"), ("max",), {}),
    "clone": (("static", "dynamic", "patched"), BOTH_CPUS, {}),
    "long_calls": (STATIC, ("max",), {}),
    "inotify": (("static", "musl"), ("max",), {}),
    "inotify_watch": (STATIC, ("max",), {}),
    "kmsg": (STATIC, ("max",), {}),
    "netlink": (STATIC, ("max",), {}),
    "inet_memory": (STATIC, ("max",), {"memory": 32}),
    "inet_tcp": (("static", "musl", "patched"), ("max",), {}),
    "inet_udp": (("static", "musl"), ("max",), {}),
    "unix_dgram": (("static", "musl"), ("max",), {}),
    "unix_names": (("static", "musl"), ("max",), {}),
    "unix_rights": (("static", "musl"), ("max",), {}),
    "unix_socket": (("static", "musl"), ("max",), {}),
    "tty": (("static", "musl-static"), ("max",), {}),
}

# The same, of the ways into the kernel: with call sites that are patched, and without.
WAYS = {
    "three_ways": (("static", "static-pie", "dynamic"), BOTH_CPUS),
    "ways_signals": (("static", "dynamic", "musl"), BOTH_CPUS),
    "ways_unwind": (("dynamic", "static", "static-pie"), BOTH_CPUS),
    "sites_memory": (EVERY, BOTH_CPUS),
    "sites_run": (("static", "dynamic", "musl"), BOTH_CPUS),
    "sites_exec": (("static", "dynamic", "musl"), BOTH_CPUS),
    "sites_gs": (STATIC, BOTH_CPUS),
    "sites_steps": (STATIC, BOTH_CPUS),
}
STEPWISE = ("ways_signals", "sites_gs")
MODES = {
    "patched": params("", "T_PATCHING"),
    "unpatched": params("syscall.patching=off"),
    "traced": params("strace=1", "T_TRACED"),
}


def failures(result):
    lines = result.output.splitlines()
    bad = [line for line in lines if line.startswith("not ok")]
    return " | ".join(bad[:4] or lines[-2:]) + (f" (+{len(bad) - 4})" if len(bad) > 4 else "")


def difference(host, guest_result):
    """The first line that differs."""
    ours, theirs = guest_result.output.splitlines(), host.output.splitlines()
    for number in range(max(len(ours), len(theirs))):
        mine = ours[number] if number < len(ours) else "<end>"
        wanted = theirs[number] if number < len(theirs) else "<end>"
        if mine != wanted:
            return f"line {number + 1} is {mine!r}, on Linux {wanted!r}"
    return None


def run_on_linux(program):
    """With a terminal, as the guest has one."""
    master, slave = pty.openpty()
    try:
        return guest.on_host([program], is_private=True, stdin=slave)
    finally:
        os.close(master)
        os.close(slave)


def build(context, name, variant):
    return guest.compile_c(context, guest.TESTS / "src" / f"{name}.c", f"{name}-{variant}",
                           variant)


def run_in_guest(context, name, variant, cpu, **options):
    program = build(context, name, variant)
    initrd = guest.mkinitrd(context, f"program-{name}-{variant}", programs=[program])
    result = guest.boot(context, initrd, str(program), cpu=cpu, **options)
    if result.status != 0:
        raise Failed(f"status {result.status}: {failures(result)}")
    return result


def run_program(context, name, variant, cpu, **options):
    program = build(context, name, variant)
    # On Linux they do what only root may. In the guest everybody is, and they judge themselves.
    host = run_on_linux(program) if os.geteuid() == 0 else None
    if host and host.status != 0:
        raise Failed(f"on Linux: status {host.status}: {failures(host)}")
    result = run_in_guest(context, name, variant, cpu, **{"params": PARAMS, **options})
    differs = difference(host, result) if host else None
    if differs:
        raise Failed(differs)


def tests(context):
    for name, (variants, cpus, options) in PROGRAMS.items():
        for variant in variants:
            for cpu in cpus if variant == variants[0] else cpus[:1]:
                def test(name=name, variant=variant, cpu=cpu, options=options):
                    run_program(context, name, variant, cpu, **options)
                yield f"program/{name}/{variant}/{cpu}", test
    for name, (variants, cpus) in WAYS.items():
        yield from ways_tests(context, name, variants, cpus)


def ways_tests(context, name, variants, cpus):
    for variant in variants:
        for cpu in cpus if variant == variants[0] else cpus[:1]:
            def test(variant=variant, cpu=cpu):
                run_program(context, name, variant, cpu, params=MODES["patched"])
            yield f"program/{name}/{variant}/{cpu}", test
    for mode in "unpatched", "traced":
        def other(mode=mode):
            run_in_guest(context, name, variants[0], cpus[0], params=MODES[mode])
        yield f"program/{name}/{variants[0]}/{cpus[0]}/{mode}", other
    if name in STEPWISE:
        # QEMU lets interrupts in between any two instructions, as a CPU does
        def stepwise():
            run_in_guest(context, name, variants[0], cpus[0], params=MODES["patched"],
                         extra="-singlestep")
        yield f"program/{name}/{variants[0]}/{cpus[0]}/stepwise", stepwise
