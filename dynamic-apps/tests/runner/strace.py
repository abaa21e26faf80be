# SPDX-License-Identifier: BSD-3-Clause
"""What strace=1 shows, as strace -f would, of a program with two threads."""
import re

from . import guest
from .guest import Failed

# Of each thread, in this order; what is shown in between does not matter.
MAIN = (
    r"pipe2\(\[3, 4\], 0\) = 0",
    r"clone3?\(.*",
    r"\[pid +1\] .*clock_nanosleep.*\) = 0",
    r"\[pid +1\] syscall_9999\( <unfinished \.\.\.>",
    r"narthex: system call number 9999 is not there, .*",
    r"\[pid +1\] <\.\.\. syscall_9999 resumed>\) = -1 ENOSYS \(Function not implemented\)",
    r"\[pid +1\] write\(4, \"x\", 1.*",
    r"exit_group\(3\) = \?",
    r"\+\+\+ exited with 3 \+\+\+",
)
OTHER = (
    r"\[pid +2\] read\(3,  <unfinished \.\.\.>",
    r"\[pid +2\] <\.\.\. read resumed>\"x\", 1\) = 1",
    r"\[pid +2\] exit\(0\) = \?",
    r"\[pid +2\] \+\+\+ exited with 0 \+\+\+",
)


def threads(context, variant):
    program = guest.compile_c(context, guest.TESTS / "src" / "traced.c", f"traced-{variant}",
                              variant)
    initrd = guest.mkinitrd(context, f"traced-{variant}", programs=[program])
    result = guest.boot(context, initrd, str(program), params="strace=1")
    guest.expect_status(result, 3)
    for patterns in MAIN, OTHER:
        lines = iter(result.output.splitlines())
        for pattern in patterns:
            if not any(re.fullmatch(pattern, line) for line in lines):
                raise Failed(f"no line {pattern!r} where it should be")


def tests(context):
    for variant in ("static", "dynamic"):
        yield f"strace/threads/{variant}", lambda v=variant: threads(context, v)
