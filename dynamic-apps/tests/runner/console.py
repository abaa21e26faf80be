# SPDX-License-Identifier: BSD-3-Clause
"""The console that the program and the kernel share."""
from . import guest
from .guest import Failed

LUA = "/usr/bin/lua5.4"
LINE = "x" * 100
# Long enough for the clock's timers, which log from their interrupt, to come in between.
SCRIPT = ("local start = os.clock() "
          f"while os.clock() - start < 1.2 do print(string.rep('x', {len(LINE)})) end")


def whole_lines(context):
    """Messages of interrupts stand between the program's lines, not in them."""
    initrd = guest.mkinitrd(context, "console-lua", programs=[LUA])
    result = guest.boot(context, initrd, f'{LUA} -e "{SCRIPT}"', params="loglevel=4")
    guest.expect_status(result, 0)
    ours = [line for line in result.output.splitlines() if line.startswith("[")]
    if not any("counter:" in line and " after " in line for line in ours):
        raise guest.Skipped("no interrupt had anything to say")
    for line in result.output.splitlines():
        if line != LINE and line not in ours:
            raise Failed(f"a line is {line!r}")


def tests(context):
    yield "console/whole-lines", lambda: whole_lines(context)
