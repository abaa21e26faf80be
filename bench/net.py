#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The network part of the benchmark: the same servers in Narthex and in a Linux guest, clients on
this machine, through QEMU's user network. Started by run-bench; prints its results as JSON.

run-bench gives it a network namespace of its own where it can. There SYN cookies are off: QEMU
listens with a queue of one, and of many clients that connect at once Linux' cookies would leave
some believing in connections that QEMU never sees.

Instructions are read from the live counters of insn.c before and after a load; the difference of
two loads, one longer than the other, leaves out what comes with connecting.
"""
import argparse
import contextlib
import fcntl
import json
import pathlib
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from common import (BENCH, BUILD, LINUX_PARAMS, MEMORY, SCRIPTS, Failed, attempt,  # noqa: E402
                    least_memory, linux_kernel, patched_libc, pvh_image, qemu_command, run)

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
START_SECONDS = 120
MODULES = ("virtio_ring", "virtio", "virtio_mmio", "failover", "net_failover", "virtio_net")


# --- servers -------------------------------------------------------------------------------------

CONFIG = {
    "redis.conf": """save ""
protected-mode no
""",
    "nginx.conf": """daemon off;
master_process off;
pid /run/nginx.pid;
error_log stderr;
events { worker_connections 2048; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	client_body_temp_path /tmp/body;
	proxy_temp_path /tmp/proxy;
	fastcgi_temp_path /tmp/fastcgi;
	uwsgi_temp_path /tmp/uwsgi;
	scgi_temp_path /tmp/scgi;
	server { listen 80 backlog=1024; root /var/www; }
}
""",
    "index.html": "<!DOCTYPE html>\n<title>A page</title>\n" + "<p>Some text.</p>\n" * 33,
    "passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
              "www-data:x:33:33:www-data:/:/bin/false\n",
    "group": "root:x:0:\nnogroup:x:65534:\nwww-data:x:33:\n",
}


class Server:
    def __init__(self, program, port, command, files=(), request=None, answer=b""):
        self.program, self.port, self.command = program, port, command
        self.files = dict(files)
        self.request, self.answer = request, answer  # what shows that it serves


SERVERS = {
    "redis": Server("/usr/bin/redis-server", 6379, "/usr/bin/redis-server /etc/redis.conf",
                    {"redis.conf": "/etc/redis.conf"}, b"PING\r\n", b"+PONG"),
    "nginx": Server("/usr/sbin/nginx", 80, "/usr/sbin/nginx",
                    {"nginx.conf": "/etc/nginx/nginx.conf", "index.html": "/var/www/index.html",
                     "passwd": "/etc/passwd", "group": "/etc/group"},
                    b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 200"),
    "iperf3": Server("/usr/bin/iperf3", 5201, "/usr/bin/iperf3 -s"),
}


def write_files():
    for name, text in CONFIG.items():
        (BUILD / name).write_text(text)


def make_initrd(name, server, more, replaced=()):
    out = BUILD / f"net-{name}.cpio"
    argv = [SCRIPTS / "mkinitrd", "-o", out, *replaced]
    for host, guest in (*server.files.items(), *more.items()):
        argv += ["-f", f"{BUILD / host}:{guest}"]
    run(argv + [server.program])
    return out


# --- guests --------------------------------------------------------------------------------------


# what insn.c counts: the ways into the kernel, by the symbols where they begin
ENTRIES = {"trap": "x86_syscall_entry", "site": "x86_site_entry", "function": "x86_vsyscall_entry"}


def kernel_entries(kernel):
    """Where in the image the ways into it begin; none without its debug information."""
    debug = kernel.with_name(kernel.name + ".dbg")
    if not debug.exists():
        return {}
    symbols = {}
    for line in run(["nm", debug]).splitlines():
        address, _, name = line.rpartition(" ")
        symbols[name] = address.split(" ")[0]
    return {kind: f"0x{symbols[name]}" for kind, name in ENTRIES.items() if name in symbols}


class Narthex:
    name = "Narthex"

    def __init__(self, options, params="", libc=()):
        self.kernel, self.params, self.libc = pvh_image(options.kernel), params, list(libc)
        self.entries = kernel_entries(options.kernel)

    def command(self, server, memory):
        initrd = make_initrd("narthex", server, {}, self.libc)
        return qemu_command(self.kernel, initrd, f"{self.params} -- {server.command}", memory)


class Linux:
    """Its virtio drivers are modules, which linux_init.c loads."""

    name = "Linux"

    def __init__(self, options):
        self.kernel = linux_kernel()
        self.tsc_khz = options.tsc_khz
        run(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-o", BUILD / "linux-init",
             BENCH / "linux_init.c"])
        self._copy_modules(BUILD / "linux-modules")

    def _copy_modules(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in MODULES:
            found = list(self.kernel.parent.parent.glob(f"lib/modules/**/{name}.ko"))
            if not found:
                raise Failed(f"{name}.ko is not in the kernel's package")
            shutil.copy(found[0], folder)
        (folder / "list").write_text("".join(f"{name}.ko\n" for name in MODULES))

    def command(self, server, memory):
        initrd = make_initrd("linux", server, {"linux-init": "/init", "linux-modules": "/modules"})
        params = f"{LINUX_PARAMS} tsc_early_khz={self.tsc_khz} -- {server.command}"
        return qemu_command(self.kernel, initrd, params, memory)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A server in a guest, behind self.port of this machine; insns() if `counts`."""

    def __init__(self, guest, name, memory=MEMORY, counts=False):
        self.server, self.port = SERVERS[name], free_port()
        self.console = BUILD / "net-console"
        self.live = BUILD / "net-insns"
        argv = guest.command(self.server, memory) + [
            "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:{self.server.port}",
            "-global", "virtio-mmio.force-legacy=false", "-device", "virtio-net-device,netdev=net"]
        if counts:
            self.live.unlink(missing_ok=True)
            at = "".join(f",at={place}" for place in getattr(guest, "entries", {}).values())
            argv += ["-plugin", f"{BUILD / 'insn.so'},live={self.live}{at}"]
            self.counted = list(getattr(guest, "entries", {}))
        with open(self.console, "wb") as console:
            self.qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console,
                                         stderr=subprocess.STDOUT)

    def __enter__(self):
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.qemu.terminate()
        try:
            self.qemu.wait(20)
        except subprocess.TimeoutExpired:
            self.qemu.kill()
            self.qemu.wait()

    def said(self):
        return self.console.read_bytes().decode(errors="replace")

    def _wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.qemu.poll() is None:
            if self._serves():
                return
            time.sleep(0.1)
        raise Failed(f"{self.server.program} does not serve: {self.said().strip()[-200:]}")

    def _serves(self):
        if not self.server.request:
            return "listening" in self.said()
        with contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", self.port), 2) as link:
            link.settimeout(5)
            link.sendall(self.server.request)
            return link.recv(64).startswith(self.server.answer)
        return False

    def insns(self):
        return struct.unpack("=Q", self.live.read_bytes()[:8])[0]

    def calls(self):
        """How often the kernel was entered, by each way."""
        return dict(zip(self.counted, struct.unpack_from("=8Q", self.live.read_bytes(), 24)))


# --- clients -------------------------------------------------------------------------------------


def client(argv, seconds):
    try:
        return run(argv, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failed(f"{argv[0]}: no end after {seconds} s") from None


def load_redis(running, test, clients, depth, count):
    """`count` requests; per second."""
    text = client(["redis-benchmark", "-p", running.port, "-t", test, "-c", clients, "-P", depth,
                   "-n", count, "--csv"], 60 + count // 500)
    found = re.search(rf'^"{test}[^"]*","([0-9.]+)"', text, re.M | re.I)
    if not found:
        raise Failed(f"redis-benchmark: {text.strip()[-200:]}")
    return float(found.group(1))


def load_nginx(running, clients, seconds):
    """Requests per second, and how many there were."""
    text = client(["wrk", "-t", "1", "-c", clients, "-d", f"{seconds}s",
                   f"http://127.0.0.1:{running.port}/"], seconds + 60)
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", text)
    count = re.search(r"(\d+) requests in", text)
    if not rate or not count or "Non-2xx" in text:
        raise Failed(f"wrk: {text.strip()[-200:]}")
    return float(rate.group(1)), int(count.group(1))


def iperf3(running, direction, seconds):
    argv = ["iperf3", "-c", "127.0.0.1", "-p", running.port, "-t", seconds, "-J"]
    result = json.loads(client(argv + (["-R"] if direction == "out" else []), seconds + 60))
    received = result.get("end", {}).get("sum_received")
    if not received:
        raise Failed(f"iperf3: {result.get('error', 'no result')}")
    return received["bits_per_second"] / 1e6


def load_iperf3(running, direction, seconds):
    """Mbit/s. The server takes one client at a time and may still be busy with the last."""
    for _ in range(4):
        with contextlib.suppress(Failed):
            return iperf3(running, direction, seconds)
        time.sleep(1)
    return iperf3(running, direction, seconds)


# --- measurements --------------------------------------------------------------------------------


def timed_round(guest, quick):
    """Every figure of TIMED_ITEMS once."""
    scale = 5 if quick else 1
    values = {}
    with Running(guest, "redis") as redis:
        for clients in (10, 50):
            for depth, count in ((1, 30_000), (16, 200_000)):
                for test in ("set", "get"):
                    values[f"redis_{test}_c{clients}_p{depth}"] = load_redis(
                        redis, test, clients, depth, count // scale)
    with Running(guest, "nginx") as nginx:
        for clients in (10, 50):
            values[f"nginx_c{clients}"], _ = load_nginx(nginx, clients, 5 // scale)
    with Running(guest, "iperf3") as iperf3:
        for direction in ("in", "out"):
            values[f"tcp_{direction}"] = load_iperf3(iperf3, direction, 5 // scale)
    return values


def measure_timed(guests, rounds, quick):
    """Alternating rounds; medians."""
    samples = {guest.name: {} for guest in guests}
    for turn in range(rounds):
        for guest in guests:
            values = attempt(f"network, timed round {turn + 1} of {rounds}, {guest.name}",
                             timed_round, guest, quick) or {}
            for name, value in values.items():
                samples[guest.name].setdefault(name, []).append(value)
    return {who: {name: statistics.median(v) for name, v in figures.items()}
            for who, figures in samples.items()}


def insns_between(running, short, long):
    """Instructions per request: of the longer load what the shorter one does not have."""
    start = running.insns()
    short_count = short()
    middle = running.insns()
    long_count = long()
    return (running.insns() - middle - (middle - start)) / (long_count - short_count)


def redis_insns(redis, test, depth, count, clients=10):
    def load(n):
        load_redis(redis, test, clients, depth, n)
        return n
    return insns_between(redis, lambda: load(count // 10), lambda: load(count))


def nginx_insns(nginx, seconds):
    return insns_between(nginx, lambda: load_nginx(nginx, 10, 1)[1],
                         lambda: load_nginx(nginx, 10, seconds)[1])


def insn_round(guest, quick):
    scale = 4 if quick else 1
    values = {}
    with Running(guest, "redis", counts=True) as redis:
        # GET first finds nothing, as `redis-benchmark -t get` does; after SET it does.
        for name, test in (("get", "get"), ("set", "set"), ("get_found", "get")):
            for depth, count in ((1, 40_000), (16, 200_000)):
                values[f"{name}_p{depth}"] = redis_insns(redis, test, depth, count // scale)
    with Running(guest, "nginx", counts=True) as nginx:
        values["nginx"] = nginx_insns(nginx, 8 // scale)
    return values


def measure_insns(guest, rounds, quick):
    samples = {}
    for _ in range(rounds):
        for name, value in insn_round(guest, quick).items():
            samples.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in samples.items()}


def paths_of(guest, quick):
    """By which ways redis' calls come while it serves one client, so that every request is the same
    calls, and what a request costs then; and with ten."""
    count = 5000 if quick else 20_000
    values = {"requests": count}
    with Running(guest, "redis", counts=True) as redis:
        load_redis(redis, "get", 10, 1, 2000)  # what runs once is over
        for clients in (1, 10):
            before = redis.calls()
            load_redis(redis, "get", clients, 1, count)
            calls = redis.calls()
            values |= {f"{kind}_c{clients}": calls[kind] - before[kind] for kind in calls}
        values["insns_c1"] = redis_insns(redis, "get", 1, count, clients=1)
    return values


def measure_paths(options):
    libc = attempt("the patched libc", patched_libc)
    kinds = {"on": Narthex(options), "off": Narthex(options, "syscall.patching=off")}
    kinds |= {"libc": Narthex(options, libc=libc)} if libc else {}
    samples = {name: {} for name in kinds}
    for _ in range(1 if options.quick else 3):
        for name, guest in kinds.items():
            values = attempt(f"ways into the kernel, redis, {name}", paths_of, guest,
                             options.quick) or {}
            for item, value in values.items():
                samples[name].setdefault(item, []).append(value)
    return {name: {item: statistics.median(values) for item, values in figures.items()}
            for name, figures in samples.items() if figures}


def serves_at(guest, memory):
    """Redis under the whole benchmark, in little, with this many MiB."""
    try:
        with Running(guest, "redis", memory) as redis:
            for depth in (1, 16):
                for test in ("set", "get"):
                    load_redis(redis, test, 50, depth, 20_000)
    except Failed:
        return False
    return True


def measure(options):
    makers = {"linux": Linux, "narthex": Narthex}
    guests = []
    for name, make in makers.items():
        if options.guest in (None, name):
            guest = attempt(f"network: preparing {name}", make, options)
            if guest:
                guests.append(guest)
    results = {"timed": {}, "insn": {}, "least": {}}
    if not options.insn:
        results["timed"] = measure_timed(guests, 1 if options.quick else 5, options.quick)
    for guest in guests:
        results["insn"][guest.name] = attempt(
            f"network: instructions per request, {guest.name}", measure_insns, guest,
            1 if options.quick else 3, options.quick) or {}
    if options.guest != "linux":
        results["paths"] = attempt("ways into the kernel, redis", measure_paths, options) or {}
    for guest in guests:
        low, high = (16, 48) if guest.name == "Narthex" else (64, 160)
        if guest.name == "Narthex" or not options.quick:
            results["least"][guest.name] = attempt(
                f"network: least memory of redis, {guest.name}", least_memory,
                lambda m, g=guest: serves_at(g, m), low, high)
    return results


def set_up_namespace():
    """Ours alone: the loopback interface up, no SYN cookies."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack_from("h", fcntl.ioctl(link, SIOCGIFFLAGS, request), 16)[0]
        fcntl.ioctl(link, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    pathlib.Path("/proc/sys/net/ipv4/tcp_syncookies").write_text("0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--own-namespace", action="store_true", help="the network is ours alone")
    parser.add_argument("--quick", action="store_true", help="one round, shorter loads")
    parser.add_argument("--insn", action="store_true", help="no timed rounds")
    parser.add_argument("--guest", choices=("linux", "narthex"), help="only this guest")
    parser.add_argument("--kernel", type=pathlib.Path, required=True, help="our image")
    parser.add_argument("--tsc-khz", type=int, default=1_000_000, help="for Linux")
    options = parser.parse_args()
    if options.own_namespace:
        set_up_namespace()
    write_files()
    json.dump(measure(options), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
