# SPDX-License-Identifier: BSD-3-Clause
"""The servers of the catalogue in the guest, real clients on this machine."""
import contextlib
import http.server
import os
import pathlib
import random
import shutil
import socket
import threading
import time
import urllib.request

from . import guest
from .guest import Failed, Skipped
from .terminal import Session


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def app_initrd(context, name, libc="patched"):
    """The catalogue's archive, and its program with arguments; Skipped if they can't be made."""
    def make():
        folder = pathlib.Path("build" if libc == "patched" else f"build/{libc}")
        path = folder / "apps" / name / "initrd.cpio"
        made = guest.run(["make", "-s", "-C", guest.ROOT, f"BUILD_DIR={folder}",
                          *([f"LIBC={libc}"] if libc != "patched" else []), path], 1800,
                         env={**os.environ, "MAKEFLAGS": ""})
        if made.status != 0:
            raise Skipped(f"{name} cannot be made: {made.output.strip()[-200:]}")
        path = guest.ROOT / path
        return path, (path.parent / "cmdline").read_text().strip()
    return context.made(("app", name, libc), make)


class Server:
    """A server in the guest behind a port of this machine."""

    def __init__(self, context, name, port, memory=128, more="", params="loglevel=3",
                 libc="patched"):
        initrd, command = app_initrd(context, name, libc)
        self.port = free_port()
        argv = guest.guest_argv(context, initrd, f"{command} {more}", memory=memory, params=params,
                                timeout=240)
        self.session = Session(argv + ["-p", f"tcp:{self.port}:{port}"])
        try:  # QEMU takes seconds to try a guest again that did not answer
            self.session.expect(r"eth0: address \d")
        except Failed:
            self.session.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()

    def connect(self, seconds=20):
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def ask(self, request, wanted, seconds=20):
        """One request on a connection of its own; the start of the answer. QEMU accepts before the
        guest listens, so an early connection may just end."""
        end = time.monotonic() + seconds
        answer = b""
        while time.monotonic() < end:
            with contextlib.suppress(OSError), self.connect() as link:
                link.sendall(request)
                answer = link.recv(4096)
                if answer.startswith(wanted):
                    return answer
            self.drain()
            time.sleep(0.1)
        raise Failed(f"{request!r} is answered by {answer!r}; {self.session.seen[-300:]!r}")

    def drain(self):
        self.session._more(0)

    def get(self, path, data=None, tries=1):
        """QEMU listens with a backlog of one: many that connect at once need more tries."""
        for left in reversed(range(tries)):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data,
                                            30) as answer:
                    return answer.read()
            except OSError:
                if not left:
                    raise
                time.sleep(0.3)

    def end(self, status):
        ended = self.session.finish()
        if ended != status:
            raise Failed(f"status {ended}, not {status}: {self.session.seen[-300:]!r}")


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not installed")


def expect(found, wanted):
    if found != wanted:
        raise Failed(f"{found!r:.300}, not {wanted!r:.300}")


# --- redis ---------------------------------------------------------------------------------------

def redis(context, memory=128, more="", libc="patched"):
    server = Server(context, "redis7", 6379, memory, more, libc=libc)
    try:
        server.ask(b"PING\r\n", b"+PONG")
    except BaseException:
        server.session.close()
        raise
    return server


def redis_cli(server, *args):
    done = guest.run(["redis-cli", "-h", "127.0.0.1", "-p", server.port, *args], 60)
    expect(done.status, 0)
    return done.output.strip()


def redis_commands(context, libc="patched"):
    need("redis-cli")
    with redis(context, libc=libc) as server:
        expect(redis_cli(server, "set", "key", "value"), "OK")
        expect(redis_cli(server, "get", "key"), "value")
        expect(redis_cli(server, "eval", "return redis.call('incrby', KEYS[1], ARGV[1])", "1", "n",
                         "41"), "41")
        expect(redis_cli(server, "config", "get", "maxmemory"), "maxmemory\n0")
        with server.connect() as waiter, server.connect() as other:
            waiter.sendall(b"BLPOP list 0\r\n")
            other.sendall(b"LPUSH list item\r\n")
            expect(other.recv(100), b":1\r\n")
            expect(waiter.recv(100), b"*2\r\n$4\r\nlist\r\n$4\r\nitem\r\n")
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


def redis_distro(context):
    redis_commands(context, "distro")


def redis_benchmark(context):
    """From 24 MiB, of which Debian's files take 17; one by one, then many at a time. QEMU's user
    network keeps one connection waiting, so more than a few clients that connect at once have to
    try again, with Linux' pauses between."""
    need("redis-benchmark")
    with redis(context, memory=24) as server:
        for args in (("-c", "10", "-n", "5000"), ("-c", "10", "-n", "20000", "-P", "16")):
            done = guest.run(["redis-benchmark", "-p", server.port, "-t", "set,get", "-q", *args],
                             120)
            expect(done.status, 0)
            guest.expect_text(done, "GET: ")
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


def redis_large(context):
    """8 MiB in and out, by several readers of different speed."""
    value = random.Random(7).randbytes(8 << 20)
    with redis(context) as server:
        with server.connect() as link:
            link.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n" % (len(value), value))
            expect(link.recv(100), b"+OK\r\n")
        with contextlib.ExitStack() as links:
            readers = [links.enter_context(server.connect()) for _ in range(3)]
            for link in readers:
                link.sendall(b"GET k\r\n")
            for slow, link in enumerate(readers):
                expect(read_bulk(link, pause=slow * 0.002), value)
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


def read_bulk(link, pause=0.0):
    data = bytearray()
    head = None
    while head is None or len(data) < head[0] + head[1] + 2:
        more = link.recv(65536)
        if not more:
            raise Failed(f"the connection ended after {len(data)} bytes")
        data += more
        if head is None and b"\r\n" in data:
            at = data.index(b"\r\n")
            head = (at + 2, int(data[1:at]))
        time.sleep(pause)
    return bytes(data[head[0]:head[0] + head[1]])


def redis_short(context, count=10000):
    """Connections that end at once, some of them by a reset or half way: in a guest too small to
    lose a page for each. What was acknowledged stays."""
    with redis(context, memory=24) as server:
        acknowledged = 0
        for number in range(count):
            with server.connect() as link:
                if number % 10 == 9:  # leaves without a word: SO_LINGER of 0 makes it a reset
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    link.sendall(b"INCR half")
                    continue
                link.sendall(b"INCR n\r\n")
                acknowledged += 1
                expect(link.recv(32), b":%d\r\n" % acknowledged)
        expect(redis_cli(server, "get", "n"), str(acknowledged))
        guest_lines = redis_cli(server, "info", "clients")
        if "connected_clients:1\n" not in guest_lines.replace("\r", ""):
            raise Failed(guest_lines)
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


def redis_many(context, count=1000):
    """All of them connected at a time, after one another for QEMU's sake; each asked thrice."""
    with redis(context) as server, contextlib.ExitStack() as links:
        every = []
        for _ in range(count):
            every.append(links.enter_context(server.connect()))
            every[-1].sendall(b"PING\r\n")
            expect(every[-1].recv(100), b"+PONG\r\n")
        for _ in range(2):
            for link in every:
                link.sendall(b"PING\r\n")
            for link in every:
                expect(link.recv(100), b"+PONG\r\n")
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


def redis_log(context):
    """An append-only file is written and synced; the writes are there when it is loaded."""
    with redis(context, more="--appendonly yes --appendfsync always --dir /tmp "
               "--enable-debug-command yes") as server:
        for number in range(1, 201):
            server.ask(b"RPUSH list %d\r\n" % number, b":%d\r\n" % number)
        expect(redis_cli(server, "debug", "loadaof"), "OK")
        expect(redis_cli(server, "llen", "list"), "200")
        redis_cli(server, "shutdown", "nosave")
        server.end(0)


# --- web -----------------------------------------------------------------------------------------

PAGE = (guest.ROOT / "dynamic-apps" / "nginx" / "index.html").read_bytes()


def nginx(context):
    with Server(context, "nginx", 80) as server:
        server.ask(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK")
        expect(server.get("/"), PAGE)
        with server.connect() as link:  # several requests on one connection, sent at once
            link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20 +
                         b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = b"".join(iter(lambda: link.recv(65536), b""))
        expect((data.count(b"HTTP/1.1 200 OK"), data.count(b"HTTP/1.1 404")), (20, 1))
        if shutil.which("wrk"):
            done = guest.run(["wrk", "-c", "50", "-t", "2", "-d", "3",
                              f"http://127.0.0.1:{server.port}/"], 30)
            guest.expect_text(done, "Requests/sec:")
            if "Non-2xx" in done.output or "Socket errors" in done.output:
                raise Failed(done.output)


def python_http(context):
    with Server(context, "python3-http", 8000, memory=256) as server:
        server.ask(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK")
        expect(server.get("/index.html"), PAGE)


def go_http(context):
    with Server(context, "go-http", 8080) as server:
        server.ask(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK")
        body = random.Random(3).randbytes(1 << 20)
        answers = []
        threads = [threading.Thread(
            target=lambda: answers.append(server.get("/echo", body, tries=5)))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect([answer == body for answer in answers], [True] * 8)


def haproxy(context):
    """Its back end is a server on this machine, which QEMU's user network shows as 10.0.2.2."""
    with Server(context, "haproxy", 80) as server:
        server.ask(b"GET /alive HTTP/1.0\r\n\r\n", b"HTTP/1.1 200")
        expect(server.get("/alive"), b"alive\n")


# --- others --------------------------------------------------------------------------------------

def memcached(context):
    with Server(context, "memcached", 11211) as server:
        server.ask(b"version\r\n", b"VERSION ")
        with contextlib.ExitStack() as links:
            every = [links.enter_context(server.connect()) for _ in range(20)]
            for number, link in enumerate(every):
                link.sendall(b"set k%d 0 0 5\r\nv%04d\r\nget k%d\r\n" % (number, number, number))
            for number, link in enumerate(every):
                wanted = b"STORED\r\nVALUE k%d 0 5\r\nv%04d\r\nEND\r\n" % (number, number)
                data = b""
                while len(data) < len(wanted):
                    data += link.recv(200) or b"?" * 200
                expect(data, wanted)
        with server.connect() as link:
            link.sendall(b"shutdown\r\n")
        server.end(0)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "300000")
        self.end_headers()
        self.wfile.write(b"0123456789" * 30000)

    def log_message(self, *_):
        pass


def curl(context):
    """The guest as the client: a name from /etc/hosts, a server on this machine."""
    initrd, _ = app_initrd(context, "curl")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        argv = guest.guest_argv(context, initrd, "/usr/bin/curl -sS --retry 5 --retry-all-errors "
                                f"http://10.0.2.2:{web.server_port}/", params="netdev.wait=20")
        done = guest.run(argv + ["-n"], 90)
        web.shutdown()
    guest.expect_status(done, 0)
    expect(done.output.count("0123456789"), 30000)


def ping_out(context):
    initrd, _ = app_initrd(context, "ping")
    argv = guest.guest_argv(context, initrd, "/usr/bin/ping -c 3 -i 0.1 10.0.2.2",
                            params="netdev.wait=20")
    done = guest.run(argv + ["-n"], 90)
    guest.expect_status(done, 0)
    guest.expect_text(done, "3 packets transmitted, 3 received, 0% packet loss")


def tests(context):
    for test in (redis_commands, redis_distro, redis_benchmark, redis_large, redis_short,
                 redis_many, redis_log, nginx, memcached, python_http, go_http, haproxy, curl,
                 ping_out):
        yield f"servers/{test.__name__}", lambda t=test: t(context)
