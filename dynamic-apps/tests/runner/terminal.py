# SPDX-License-Identifier: BSD-3-Clause
"""Programs used by hand: a pty stands for the user's terminal, a script types at the prompt."""
import os
import pty
import re
import select
import signal
import subprocess
import time
import tty

from . import guest
from .guest import Failed

CTRL_C, CTRL_D, CTRL_U, CTRL_W, BACKSPACE = "\x03", "\x04", "\x15", "\x17", "\x7f"


class Session:
    """A guest behind a pty. expect() eats the output up to a pattern."""

    def __init__(self, argv):
        self.master, slave = pty.openpty()
        tty.setraw(slave)  # no echo but the guest's; QEMU adds carriage returns of its own
        self.seen = ""
        self.child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True)
        os.close(slave)

    def _more(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 4096)
        except OSError:  # EIO: the last one on the other side is gone
            return False
        self.seen += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def expect(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return
            left = end - time.monotonic()
            if left <= 0 or not self._more(left):
                raise Failed(f"no {pattern!r} after {self.seen[-200:]!r}")

    def type(self, text):
        os.write(self.master, text.encode())

    def finish(self, seconds=20):
        """The rest of the output is read, so that the guest can end; its status."""
        end = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < end:
            self._more(0.1)
        return self.child.poll()

    def close(self):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)  # QEMU is in the group too
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
        os.close(self.master)


def converse(context, name, program, args, steps, status):
    """`steps`: what to wait for, what to type then."""
    initrd = guest.mkinitrd(context, f"tty-{name}", programs=[program, "/usr/bin/cat"])
    session = Session(guest.guest_argv(context, initrd, f"{program} {args}"))
    try:
        for pattern, text in steps:
            session.expect(pattern)
            session.type(text)
        ended = session.finish()
        if ended is None:
            raise Failed(f"still runs; last it said {session.seen[-200:]!r}")
        if ended != status:
            raise Failed(f"status {ended}, not {status}; last it said {session.seen[-200:]!r}")
    finally:
        session.close()


CAT = "-c 'echo ready; exec cat'"
CONVERSATIONS = {
    "lua": ("/usr/bin/lua5.4", "-i", [
        (r"> ", "print(6*7)\n"),
        (r"\n42\n> ", "for i=1,3 do io.write(i,';') end\n"),
        (r"1;2;3;", "os.exit(7)\n"),
    ], 7),
    "lua-erase": ("/usr/bin/lua5.4", "-i", [
        (r"> ", "print(1000" + BACKSPACE * 3 + "+1)\n"),
        (r"\n2\n> ", "os.exit(0)\n"),
    ], 0),
    "lua-interrupt": ("/usr/bin/lua5.4", "-i", [
        (r"> ", "print('in the loop') while true do end\n"),
        (r"\nin the loop\n", CTRL_C),
        (r"interrupted!(.|\n)*> ", "os.exit(5)\n"),
    ], 5),
    "sqlite": ("/usr/bin/sqlite3", "", [
        (r"sqlite> ", "select 40+2;\n"),
        (r"\n42\nsqlite> ", "create table t(a); insert into t values(5),(6);\n"),
        (r"sqlite> ", "select sum(a)\n"),
        (r"\.\.\.> ", "from t;\n"),
        (r"\n11\n(.|\n)*sqlite> ", ".exit 3\n"),
    ], 3),
    "cat-eof": ("/usr/bin/dash", CAT, [
        (r"ready\n", "one line\n"),
        (r"one line\none line\n", "half" + CTRL_D),
        (r"halfhalf", CTRL_D + CTRL_D),
    ], 0),
    "cat-interrupt": ("/usr/bin/dash", CAT, [
        (r"ready\n", "x\n"), (r"x\nx\n", "unfinished" + CTRL_C),
    ], 130),
    "cat-quit": ("/usr/bin/dash", CAT, [(r"ready\n", "x\n"), (r"x\nx\n", "\x1c")], 131),
    "cat-kill-line": ("/usr/bin/dash", CAT, [
        (r"ready\n", "wrong words" + CTRL_U + "right wrong" + CTRL_W + "line\n"),
        (r"\nright line\n", CTRL_D),
    ], 0),
    "busy-interrupt": ("/usr/bin/dash", "-c 'echo ready; while true; do :; done'", [
        (r"ready\n", CTRL_C),  # of a program that never reads
    ], 130),
    "bash": ("/usr/bin/bash", "--norc --noediting", [
        (r"# ", "echo $((2**10))\n"), (r"\n1024\n", "exit 4\n"),
    ], 4),
}


# Each reads all of its input and says how many bytes; more than the console can hold is fed.
READERS = {
    "at-once": ("/usr/bin/wc", "-c"),
    "late": ("/usr/bin/perl", "-e 'select undef, undef, undef, 1; $n += length while <STDIN>; "
                              "print \"$n\\n\"'"),
}
FED = "".join(f"{i}\n" for i in range(1, 5001))


def feed(context, name, program, args, machine):
    path = context.build / "fed.txt"
    path.write_text(FED)
    initrd = guest.mkinitrd(context, f"feed-{name}", programs=[program])
    with open(path, encoding="ascii") as stdin:
        result = guest.boot(context, initrd, f"{program} {args}", stdin=stdin, machine=machine)
    guest.expect_status(result, 0)
    last = result.output.splitlines()[-1]
    if last != str(len(FED)):
        raise Failed(f"it read {last} bytes of {len(FED)}")


def tests(context):
    for name, (program, args) in READERS.items():
        for machine in ("microvm", "x86pc"):
            def test(name=name, program=program, args=args, machine=machine):
                feed(context, name, program, args, machine)
            yield f"tty/feed/{name}/{machine}", test
    for name, (program, args, steps, status) in CONVERSATIONS.items():
        def test(name=name, program=program, args=args, steps=steps, status=status):
            if not os.path.exists(program):
                raise guest.Skipped(f"{program} is not installed")
            converse(context, name, program, args, steps, status)
        yield f"tty/{name}", test
