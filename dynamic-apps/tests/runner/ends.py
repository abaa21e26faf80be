# SPDX-License-Identifier: BSD-3-Clause
"""The end of a process that has several threads: output and status as on Linux."""
import re

from . import guest
from .debugger import Debugger
from .guest import Failed
from .programs import difference

# argument of thread_ends.c: its status
WAYS = {
    "return": 3, "exit": 9, "exit-group": 11, "all-end": 0, "bare-exit": 9, "fault": 139,
    "fault-twice": 139, "handler-faults": 139, "frame-has-no-room": 139, "frame-is-nonsense": 139,
    "frame-leads-to-kernel": 139,
    "overflow": 139, "abort": 134, "terminate": 143, "kill": 137, "killed-as-holder": 137,
    "exec": 0, "threads": 21,
}
OUT_OF_MEMORY = 137


def end(context, way):
    program = guest.compile_c(context, guest.TESTS / "src" / "thread_ends.c", "thread_ends")
    host = guest.on_host([program, way])
    guest.expect_status(host, WAYS[way])
    result = boot(context, program, way)
    guest.expect_status(result, host.status)
    # a deadly signal is followed by the kernel's report
    if not result.output.startswith(host.output):
        raise Failed(difference(host, result))


def memory_ends(context):
    """In the guest alone: a thread takes all memory there is."""
    program = guest.compile_c(context, guest.TESTS / "src" / "thread_ends.c", "thread_ends")
    result = boot(context, program, "memory")
    guest.expect_status(result, OUT_OF_MEMORY)
    guest.expect_text(result, "out of memory")


def memory_ends_in_call(context):
    """The same in the middle of a system call: that one has to return first, since it may hold
    locks."""
    program = guest.compile_c(context, guest.TESTS / "src" / "thread_ends.c", "thread_ends")
    initrd = guest.mkinitrd(context, "thread_ends", [(program, "/thread_ends")])
    with Debugger(context, initrd, "/thread_ends memory-by-call", memory=64) as debugger:
        debugger.run_to("process_exit")
        caller = debugger.function_at(debugger.word(debugger.register("rsp")) - 1)
        result = debugger.finish()
    guest.expect_status(result, OUT_OF_MEMORY)
    guest.expect_text(result, "out of memory")
    if not re.match("die|deliver_signals|upcall_return_to_user", caller):
        raise Failed(f"the process ends in {caller}()")


def crash_meanwhile(context):
    """A thread crashes while another one's report is being written: it waits for its turn."""
    program = guest.compile_c(context, guest.TESTS / "src" / "thread_ends.c", "thread_ends")
    initrd = guest.mkinitrd(context, "thread_ends", [(program, "/thread_ends")])
    with Debugger(context, initrd, "/thread_ends fault-twice", memory=64) as debugger:
        debugger.run_to("crash_print_mappings")
        debugger.call("sched_yield")
        result = debugger.finish()
    guest.expect_status(result, WAYS["fault"])
    guest.expect_text(result, "[stack]")


def boot(context, program, way):
    initrd = guest.mkinitrd(context, "thread_ends", [(program, "/thread_ends")])
    return guest.boot(context, initrd, f"/thread_ends {way}", memory=64)


def tests(context):
    for way in WAYS:
        yield f"end/{way}", lambda w=way: end(context, w)
    yield "end/crash-meanwhile", lambda: crash_meanwhile(context)
    yield "end/memory", lambda: memory_ends(context)
    yield "end/memory-in-call", lambda: memory_ends_in_call(context)
