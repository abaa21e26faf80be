# SPDX-License-Identifier: BSD-3-Clause
"""A guest stopped at a kernel function, through QEMU's gdb server: what no program can bring about
is brought about by hand. (GDB manual, "GDB Remote Serial Protocol".)"""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from . import guest
from .guest import Failed

REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11",
             "r12", "r13", "r14", "r15", "rip")


def symbols(kernel):
    """Names and addresses of the image's symbols."""
    listed = guest.run(["nm", f"{kernel}.dbg"], 60)
    if listed.status != 0:
        raise guest.Skipped(f"no symbols: {listed.output.strip()[-200:]}")
    return {name: int(address, 16) for address, _, name in
            (line.split() for line in listed.output.splitlines() if len(line.split()) == 3)}


class Debugger:
    """Starts the guest, stopped before its first instruction; options are guest.boot()'s."""

    def __init__(self, context, initrd, args, **options):
        self.symbols = context.made(("symbols", context.kernel),
                                    lambda: symbols(context.kernel))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="narthex-"))
        path = self.folder / "gdb"
        self.timeout = options.get("timeout", guest.TIME_LIMIT)
        argv = guest.guest_argv(context, initrd, args, extra="-S -gdb chardev:gdb -chardev "
                                f"socket,id=gdb,path={path},server=on,wait=off", **options)
        # The end of the guest is its own (exit status, -T): nothing here has to stop it.
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, start_new_session=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(self.timeout)
        self._connect(path)
        # Single registers can be read and set by who has asked how they are laid out.
        self.ask("qXfer:features:read:target.xml:0,fff")

    def _connect(self, path):
        for _ in range(200):
            try:
                self.socket.connect(os.fspath(path))
                return
            except OSError:
                time.sleep(0.05)
        raise Failed("QEMU's gdb server does not answer")

    def _receive(self):
        packet = b""
        while not (packet.startswith(b"$") and packet[-3:-2] == b"#"):
            byte = self.socket.recv(1)
            if not byte:
                raise Failed(f"the guest ended too early: {self._output()[-200:]!r}")
            if packet or byte == b"$":
                packet += byte
        try:
            self.socket.sendall(b"+")
        except OSError:
            pass  # the guest went on and has ended since
        return packet[1:-3].decode()

    def ask(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) & 255:02x}".encode())
        return self._receive()

    def _must(self, text):
        answer = self.ask(text)
        if answer != "OK":
            raise Failed(f"QEMU says {answer!r} to {text!r}")

    def run_to(self, symbol, times=1):
        """Goes on until the function is called, `times` times."""
        self._run_to_address(self.symbols[symbol], times)

    def _run_to_address(self, address, times):
        point = f"1,{address:x},1"
        self._must(f"Z{point}")
        for left in range(times, 0, -1):
            if left < times:
                self.ask("s")  # off the breakpoint
            self.ask("c")
        self._must(f"z{point}")

    def register(self, name):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{REGISTERS.index(name):x}")), "little")

    def set(self, **values):
        for name, value in values.items():
            self._must(f"P{REGISTERS.index(name):x}={value.to_bytes(8, 'little').hex()}")

    def word(self, address):
        """Eight bytes of memory; None where nothing is mapped."""
        answer = self.ask(f"m{address:x},8")
        return None if answer.startswith("E") else int.from_bytes(bytes.fromhex(answer), "little")

    def call(self, symbol):
        """Runs this function and comes back to where the guest stands."""
        kept = {name: self.register(name) for name in REGISTERS}
        stack, back = kept["rsp"] - 8, kept["rip"]
        self._must(f"M{stack:x},8:{back.to_bytes(8, 'little').hex()}")
        self.set(rsp=stack, rip=self.symbols[symbol])
        self._run_to_address(back, 1)
        self.set(**kept)

    def function_at(self, address):
        """The name of the function that holds this address."""
        below = [(value, name) for name, value in self.symbols.items() if value <= address]
        return max(below)[1]

    def _output(self):
        try:
            return self.child.communicate(timeout=self.timeout + 30)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.child.kill()
            return "no end"

    def finish(self):
        """Lets the guest go; what it printed and its status."""
        self._must("D")
        output = self._output()
        return guest.Result(self.child.returncode, output.replace("\r", ""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait()
        self.child.stdout.close()
        shutil.rmtree(self.folder)
