# SPDX-License-Identifier: BSD-3-Clause
"""Bugs of the kernel itself, brought about with a debugger: each ends the machine with status 255
and a report that blames the kernel, whatever the program was doing."""
from . import guest
from .debugger import Debugger
from .guest import Failed

STATUS = 255
HELLO = guest.ROOT / "bench" / "hello.c"
KSTACK_SIZE, PAGE = 16384, 4096
REGS_RSP = 152  # in struct ukarch_regs


def crash(context, text, provoke, program=HELLO, **where):
    """`provoke` changes the stopped machine; a line of the kernel's must then hold `text`."""
    path = guest.compile_c(context, program, f"{program.stem}-static")
    initrd = guest.mkinitrd(context, f"crash-{program.stem}", programs=[path])
    with Debugger(context, initrd, str(path)) as debugger:
        debugger.run_to(**where)
        provoke(debugger)
        result = debugger.finish()
    guest.expect_status(result, STATUS)
    if not any(text in line for line in result.lines()):
        raise Failed(f"no line of the kernel says {text!r}: {' | '.join(result.lines()[:4])}")


def jump_to_null(debugger):
    debugger.set(rip=0)


def overflow(debugger):
    debugger.set(rsp=(debugger.register("rsp") & -KSTACK_SIZE) + PAGE + 24)


def read_program_memory(debugger):
    """Kernel code that reads below the program's stack as if it were its own memory: the stack
    would grow for the program."""
    stack = debugger.word(debugger.register("rsp") + 8 + REGS_RSP)
    debugger.set(rip=debugger.symbols["strlen"], rdi=stack - 16 * PAGE)


# name: (what the kernel says, what is done, where)
WAYS = {
    "null-call": ("kernel crash: page fault at 0x0, executing", jump_to_null,
                  {"symbol": "sys_write"}),
    # The third setting of GS: the first was the start of the program's, the second its own.
    "null-call-own-gs": ("kernel crash: page fault at 0x0, executing", jump_to_null,
                         {"symbol": "x86_thread_set_gs", "times": 3,
                          "program": guest.TESTS / "src" / "own_gs.c"}),
    "read-of-program": ("kernel crash: page fault at 0x7", read_program_memory,
                        {"symbol": "sys_write"}),
    "stack-overflow": ("kernel crash: kernel stack overflow", overflow, {"symbol": "sys_write"}),
}


def guard_pages(context):
    """Below each stack of the kernel there is nothing."""
    path = guest.compile_c(context, HELLO, "hello-static")
    initrd = guest.mkinitrd(context, "crash-hello", programs=[path])
    with Debugger(context, initrd, str(path)) as debugger:
        debugger.run_to("sys_write")
        stacks = {name: debugger.symbols[name]
                  for name in ("boot_stack", "x86_ist_ordinary", "x86_ist_fatal")}
        stacks["the thread's"] = debugger.register("rsp") & -KSTACK_SIZE
        for name, guard in stacks.items():
            if debugger.word(guard) is not None or debugger.word(guard + PAGE) is None:
                raise Failed(f"no guard page, or no stack above it, at 0x{guard:x}: {name}")
        guest.expect_status(debugger.finish(), 0)


def tests(context):
    yield "crash/guard-pages", lambda: guard_pages(context)
    for name, (text, provoke, where) in WAYS.items():
        def test(text=text, provoke=provoke, where=where):
            crash(context, text, provoke, **where)
        yield f"crash/{name}", test
