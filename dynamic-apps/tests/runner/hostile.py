# SPDX-License-Identifier: BSD-3-Clause
"""Servers in the guest and raw frames: floods, connections left half open, nonsense, a link that goes
away, a window that closes."""
import contextlib
import random
import threading
import time

from . import guest, net, wire
from .guest import Failed
from .servers import app_initrd


REDIS_PORT, WINDOW_PORT = 6379, 8000


def open_tcp(it, port, seconds=40, to=REDIS_PORT):
    """A handshake made by hand; the guest's first sequence number after it."""
    ports = (port, to)
    found = []

    def is_accepted(frame):
        it.answer_arp(frame)
        answer = wire.tcp_answer(frame, ports)
        if answer and answer[0] & (wire.TCP_SYN | wire.TCP_ACK) == wire.TCP_SYN | wire.TCP_ACK:
            found.append(answer[1])
        return bool(found)

    if not it.wire.ask(wire.tcp(net.PEER, net.GUEST, ports, 1000, 0, wire.TCP_SYN), is_accepted,
                       seconds):
        raise Failed(f"no connection for port {port}: {it.session.seen[-200:]!r}")
    it.wire.send(wire.tcp(net.PEER, net.GUEST, ports, 1001, found[0] + 1, wire.TCP_ACK))
    return found[0] + 1


def ping_redis(it, port, seconds=40):
    ask_redis(it, port, open_tcp(it, port, seconds), seconds)


def ask_redis(it, port, ack, seconds=40):
    ports = (port, REDIS_PORT)
    ask = wire.tcp(net.PEER, net.GUEST, ports, 1001, ack, wire.TCP_ACK | wire.TCP_PSH, b"PING\r\n")
    if not it.wire.ask(ask, lambda f: (wire.tcp_answer(f, ports) or (0, 0, 0, b""))[3] ==
                       b"+PONG\r\n", seconds):
        raise Failed(f"no +PONG: {it.session.seen[-200:]!r}")
    it.wire.send(wire.tcp(net.PEER, net.GUEST, ports, 1007, ack + 7, wire.TCP_RST | wire.TCP_ACK))


class Flood:
    """SYNs from behind the gateway, some thousand a second, by a thread until the block ends."""

    def __init__(self, it):
        self.it, self.sent, self.is_over = it, 0, False
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        rng = random.Random(6)
        while not self.is_over:
            self.it.wire.send(wire.tcp(f"198.51.100.{rng.randrange(1, 250)}", net.GUEST,
                                       (rng.randrange(1024, 65536), REDIS_PORT),
                                       rng.getrandbits(32), 0, wire.TCP_SYN))
            self.sent += 1
            if self.sent % 50 == 0:
                time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


def ping_repeatedly(it, port):
    """This machine may be too slow at first to answer before the guest has forgotten us."""
    for attempt in range(5):
        with contextlib.suppress(Failed):
            return ping_redis(it, port + attempt, 2)
    return ping_redis(it, port + 5, 2)


def flood(context):
    """Real clients get through while a flood goes on, each within a few attempts."""
    initrd, command = app_initrd(context, "redis7")
    with net.Guest(context, program=command, initrd=initrd) as it:
        it.session.expect("Ready to accept connections")
        it.resolve()
        with Flood(it) as syns:
            while syns.sent < 1000:
                time.sleep(0.05)
            for number in range(10):
                ping_repeatedly(it, 2000 + 10 * number)
        ping_redis(it, 9000)


def replugged(context):
    """A connection outlives its link."""
    initrd, command = app_initrd(context, "redis7")
    with net.Guest(context, program=command, initrd=initrd) as it:
        it.session.expect("Ready to accept connections")
        it.resolve()
        ack = open_tcp(it, 2000)
        net.replug(it)
        ask_redis(it, 2000, ack)
        ping_redis(it, 2001)


def nonsense(context):
    """Connections that are begun and never made, some that are made and left, segments that are
    nonsense for open ports: then an honest client is served, from little memory."""
    initrd, command = app_initrd(context, "redis7")
    rng = random.Random(5)
    with net.Guest(context, program=command, initrd=initrd) as it:
        it.session.expect("Ready to accept connections")
        it.resolve()
        ping_redis(it, 2000)
        for number in range(100):
            ack = open_tcp(it, 3000 + number)
            it.wire.send(wire.tcp(net.PEER, net.GUEST, (3000 + number, REDIS_PORT), 1001, ack,
                                  wire.TCP_ACK | wire.TCP_PSH, b"SET half"))
        for number in range(3000):
            it.wire.send(wire.tcp(f"192.0.2.{rng.randrange(100, 250)}", net.GUEST,
                                  (rng.randrange(1024, 65536), REDIS_PORT), rng.getrandbits(32), 0,
                                  wire.TCP_SYN))
        for number in range(3000):
            it.wire.send(wire.tcp(net.PEER, net.GUEST, (3000 + rng.randrange(120), REDIS_PORT),
                                  rng.getrandbits(32), rng.getrandbits(32), rng.randrange(64),
                                  rng.randbytes(rng.randrange(100))))
        ping_redis(it, 9000)


def window_closes(context):
    """Segments wait for the one before them when a program makes its buffer too small for them."""
    program = guest.compile_c(context, guest.TESTS / "src" / "window_closes.c", "window-closes")
    initrd = guest.mkinitrd(context, "window-closes", programs=[program])
    data = bytes(i * 7 & 255 for i in range(8000))
    ports = (2000, WINDOW_PORT)
    with net.Guest(context, program=str(program), initrd=initrd) as it:
        it.resolve()
        ack = open_tcp(it, 2000, to=WINDOW_PORT)
        it.session.expect("accepted")

        def send(at):
            it.wire.send(wire.tcp(net.PEER, net.GUEST, ports, 1001 + at, ack, wire.TCP_ACK,
                                  data[at:at + 1000]))
        for at in range(1000, 8000, 1000):
            send(at)
        it.session.type("\n")
        it.session.expect("small")
        end, at = time.monotonic() + 20, 0
        while at < len(data) and time.monotonic() < end:
            send(at)
            for frame in it.wire.frames(0.2):
                it.answer_arp(frame)
                answer = wire.tcp_answer(frame, ports)
                at = max(at, answer[2] - 1001) if answer else at
        it.session.expect("right")


def tests(context):
    for test in (flood, replugged, nonsense, window_closes):
        yield f"hostile/{test.__name__}", lambda t=test: t(context)
