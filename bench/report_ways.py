# SPDX-License-Identifier: BSD-3-Clause
"""The part of the benchmark page about the ways into the kernel."""
from tables import number, ratio, table, verdict

# call in the names of bench_ways.c, what the table calls it
WAY_CALLS = [
    ("getppid", "getppid"),
    ("sched_yield", "sched_yield"),
    ("clock_gettime", "clock_gettime"),
    ("read", "read 1 byte /dev/zero"),
    ("write", "write 1 byte /dev/null"),
    ("lseek", "lseek"),
]
WAYS = ("trap", "function", "mov", "cmp", "libc")
WAY_NAMES = frozenset(f"{way}:{call}" for way in WAYS for call, _ in WAY_CALLS)
WAY_BUILDS = ("static", "dynamic", "patched libc")

# item of the static program, what it is, target
WAY_TARGETS = [
    ("trap:getppid", "getppid, trap", 60),
    ("function:getppid", "getppid, `__kernel_vsyscall`", 28),
    ("mov:getppid", "getppid, patched `mov` site", 45),
    ("cmp:getppid", "getppid, patched `cmp` site", 45),
    ("function:read", "read 1 byte /dev/zero, `__kernel_vsyscall`", 80),
]
SHARE_TARGET = 95
LOOP = 3  # instructions of the loop around a call
PATHS = [("on", "Debian's libc"), ("libc", "patched libc"), ("off", "Debian's libc, all trap")]
ENTRIES = [("trap", "traps"), ("site", "patched sites"), ("function", "`__kernel_vsyscall`")]


def missing_ways(ways):
    """Of what was to be measured of ours, what is not there. A patched libc need not be."""
    return [f"{build} {name}" for build in WAY_BUILDS[:2] for name in sorted(WAY_NAMES)
            if ways.get(build, {}).get(name) is None]


def missing_paths(paths):
    return [f"redis, {name}" for name, _ in PATHS if name != "libc" and name not in paths]


def ways_table(ways):
    rows = []
    for call, label in WAY_CALLS:
        for build in WAY_BUILDS:
            ours, off = ways.get(build, {}), ways.get(f"{build}, off", {})
            if not ours:
                continue
            figures = [number(ours.get(f"{way}:{call}")) for way in WAYS]
            linux = ways.get("Linux", {}) if build == "static" else {}
            rows.append([label, build, *figures, number(off.get(f"libc:{call}")),
                         number(linux.get(f"trap:{call}")), number(linux.get(f"libc:{call}"))])
    return table(["call", "program", "trap", "function", "`mov` site", "`cmp` site", "C library",
                  "C library, unpatched", "Linux", "C library"], rows)


def targets_table(ways):
    rows = []
    for name, label, target in WAY_TARGETS:
        value = ways.get("static", {}).get(name)
        rows.append([label, number(value), verdict(value, target)])
    return table(["static program", "insn", "target"], rows)


def share(figures, clients):
    """Of all calls those that did not trap, in per cent."""
    calls = {kind: figures[f"{kind}_c{clients}"] for kind, _ in ENTRIES}
    return 100 * (calls["site"] + calls["function"]) / sum(calls.values())


def share_text(name, figures, clients):
    value = share(figures, clients)
    if name == "off":
        return f"{value:.1f} %"
    return f"{value:.1f} %, >= {SHARE_TARGET} {'yes' if value >= SHARE_TARGET else '**no**'}"


def ways_insns(figures, costs):
    """What the kernel's ways in and out take of a request with one client, handlers left out."""
    each = {"trap": "trap:getppid", "site": "mov:getppid", "function": "function:getppid"}
    if any(name not in costs for name in each.values()):
        return None
    return sum(figures[f"{kind}_c1"] * (costs[name] - LOOP)
               for kind, name in each.items()) / figures["requests"]


def paths_table(paths, costs):
    there = [(name, label) for name, label in PATHS if name in paths]
    figures = [paths[name] for name, _ in there]
    rows = []
    for clients, who in ((1, "1 client"), (10, "10 clients")):
        rows += [[f"{who}: {label} per request",
                  *(number(each[f"{kind}_c{clients}"] / each["requests"], 3) for each in figures)]
                 for kind, label in ENTRIES]
        rows.append([f"{who}: share that does not trap",
                     *(share_text(name, paths[name], clients) for name, _ in there)])
    rows.append(["1 client: instructions per request, calls like getppid",
                 *(number(ways_insns(each, costs)) for each in figures)])
    rows.append(["1 client: instructions per request, all", *(number(e["insns_c1"]) for e in figures)])
    off = paths.get("off", {}).get("insns_c1")
    rows.append(["all trap to this", *(ratio(off, each["insns_c1"]) for each in figures)])
    return table(["redis-server, GET", *(label for _, label in there)], rows)


def ways_text(ways):
    return f"""
## Ways into the kernel

The same program, built static and dynamic, and with a patched libc, makes the same calls by each way;
guest instructions per call, the loop and the check of the result included. "C library" is the
function of that name: in the first two programs its sites are patched by the kernel, in the third it
calls `__kernel_vsyscall`; clock_gettime there is the vDSO. "Unpatched": `syscall.patching=off`.

{ways_table(ways)}

{targets_table(ways)}
"""


def paths_text(paths, ways):
    return f"""
Debian's redis-server serves GETs to redis-benchmark. Entries into the kernel are counted where they
are executed, as are instructions (TCG plugin). With one client every request is the same calls; with
more, a faster server finds fewer of them waiting at a time, and makes more calls. "Calls like getppid":
what the calls of a request would take if each did as little as getppid, which is where the ways
differ. All instructions of a request are a hundred times as many, and vary by some per cent.

{paths_table(paths, ways.get('static', {}))}
"""
