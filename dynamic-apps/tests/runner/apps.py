# SPDX-License-Identifier: BSD-3-Clause
"""Programs of this machine, unmodified: output and status in the guest equal the host's."""
import gzip
import lzma
import os
import shlex

from . import guest
from .guest import Failed, Skipped
from .programs import difference

LUA = """
local t, words = {}, 0
for i = 1, 2000 do t[i] = (i * 7919) % 1009 end
table.sort(t)
local s = string.format("%d %d %.14g %s", #t, t[1000], math.pi, ("x"):rep(5))
print(s, _VERSION)
for w in ("the quick brown fox"):gmatch("%a+") do words = words + #w end
print(words, select("#", table.unpack(t, 1, 100)))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co())
local f = assert(io.open("/tmp/lua-test", "w"))
for i = 1, 100 do f:write(i, "\\n") end
f:close()
local sum = 0
for line in io.lines("/tmp/lua-test") do sum = sum + tonumber(line) end
print(sum, os.rename("/tmp/lua-test", "/tmp/lua-test2"), os.remove("/tmp/lua-test2"))
print(pcall(error, { code = 5 }) , os.getenv("HOME"), os.time{year=2024,month=1,day=1,hour=0})
collectgarbage()
os.exit(17)
"""

SQL = ("create table t(a integer primary key, b text); "
       "with recursive n(i) as (select 1 union all select i+1 from n where i<500) "
       "insert into t select i, hex(i*i) from n; "
       "create index x on t(b); "
       "select count(*), sum(a), max(b), group_concat(substr(b,1,1)) from t where a%50=0; "
       "begin; delete from t where a>100; rollback; select count(*) from t; "
       "pragma integrity_check; select sqlite_version();")

PYTHON = ("import sys,os,json,hashlib,re; "
          "print(sys.version_info[:2], sum(i*i for i in range(1000)), "
          "hashlib.sha256(b'x'*1000).hexdigest(), json.dumps({'a':[1,2,{'b':None}]}), "
          "re.sub('[aeiou]', '*', 'the quick brown fox'), sorted(os.listdir('/usr/share/narthex')))"
          "; sys.exit(5)")

DATA = guest.TESTS / "src" / "t.h"
HERE = "/usr/share/narthex/data"  # where the guest finds DATA
PYTHON_LIB = "/usr/lib/python3.11"

# name: (program, arguments, further files); {data} is the path of a text file
APPS = {
    "true": ("/usr/bin/true", [], []),
    "false": ("/usr/bin/false", [], []),
    "lua": ("/usr/bin/lua5.4", ["-e", LUA], []),
    "sqlite-memory": ("/usr/bin/sqlite3", ["-batch", ":memory:", SQL], []),
    "sqlite-file": ("/usr/bin/sqlite3", ["-batch", "/tmp/test.db", SQL], []),
    "sqlite-version": ("/usr/bin/sqlite3", ["-batch", ":memory:", "select sqlite_version();"], []),
    "sqlite-wal": ("/usr/bin/sqlite3", ["-batch", "/tmp/w.db", "pragma journal_mode=wal; " + SQL],
                   []),
    "ls-file": ("/usr/bin/ls", ["-lL", "{data}"], ["/etc/passwd", "/etc/group"]),
    "sha256sum": ("/usr/bin/sha256sum", ["{data}", "/usr/bin/sha256sum"], []),
    "sort": ("/usr/bin/sort", ["-r", "-k2", "{data}"], []),
    "wc": ("/usr/bin/wc", ["{data}"], []),
    "od": ("/usr/bin/od", ["-A", "x", "-t", "x1z", "-N", "512", "{data}"], []),
    "tac": ("/usr/bin/tac", ["{data}"], []),
    "seq": ("/usr/bin/seq", ["-s", ",", "1", "0.5", "20"], []),
    "factor": ("/usr/bin/factor", ["1000000007", "18446744073709551614"], []),
    "date": ("/usr/bin/date", ["-u", "-d", "@86400", "+%F %T %A"], []),
    "stat": ("/usr/bin/stat", ["-c", "%n %s %a %u %g %F %h", "{data}"], []),
    "grep": ("/usr/bin/grep", ["-n", "static.*(", "{data}"], []),
    "sed": ("/usr/bin/sed", ["-n", "s/static \\([a-z]*\\).*/<\\1>/p", "{data}"], []),
    "awk": ("/usr/bin/mawk", ["{ n += NF; if (length > m) m = length } END { print NR, n, m }",
                              "{data}"], []),
    "perl": ("/usr/bin/perl", ["-e", "my %h; $h{$_ % 7} += $_ for 1..1000; "
                               "print join(',', map { \"$_=$h{$_}\" } sort keys %h), \"\\n\"; "
                               "open F, '<', '{data}' or die; my @l = <F>; print scalar(@l), "
                               "\"\\n\"; exit 9"], []),
    "python": ("/usr/bin/python3", ["-I", "-S", "-B", "-c", PYTHON], [PYTHON_LIB]),
    "bash": ("/usr/bin/bash", ["-c", "declare -A m; for ((i=0;i<300;i++)); do m[$((i%7))]+=$i; "
                               "done; echo ${#m[3]} ${m[6]:0:12}; printf '%05d|%s\\n' 42 "
                               "\"${BASH_VERSION%%.*}\"; [[ abc =~ b(.) ]] && echo "
                               "${BASH_REMATCH[1]}; read -r l < {data}; echo \"$l\"; exit 42"], []),
    "dash": ("/usr/bin/dash", ["-c", "i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; echo $i; "
                               "cd /usr/bin; pwd; set -- a b c; shift; echo $# $1; exit 3"], []),
    "sh-signal": ("/usr/bin/dash", ["-c", "trap 'echo caught' USR1; kill -USR1 $$; kill -TERM $$"],
                  []),
    "exec-chain": ("/usr/bin/dash", ["-c", "exec /usr/bin/env -i A=1 /usr/bin/printf '%s\\n' x"],
                   ["/usr/bin/env", "/usr/bin/printf"]),
    "busybox-sha256": ("/usr/bin/busybox", ["sha256sum", "/usr/bin/busybox"], []),
    "busybox-sh": ("/usr/bin/busybox", ["sh", "-c", "for i in 1 2 3; do echo $i; done > /tmp/x; "
                                        "while read n; do echo \"<$n>\"; done < /tmp/x; exit 11"],
                   []),
    "busybox-awk": ("/usr/bin/busybox", ["awk", "/define/ { print $2 }", "{data}"], []),
    "busybox-find": ("/usr/bin/busybox", ["find", "/usr/share/narthex", "-type", "f"], []),
    "busybox-dd": ("/usr/bin/busybox", ["dd", "if=/dev/zero", "of=/dev/null", "bs=64k",
                                        "count=100", "status=none"], []),
    "gzip": ("/usr/bin/gzip", ["-9kvf", "/usr/share/narthex/data"], []),
    "gunzip": ("/usr/bin/gzip", ["-dc", "{data}.gz"], []),
    "xz-list": ("/usr/bin/xz", ["--robot", "-lvv", "{data}.xz"], []),
    "unxz": ("/usr/bin/xz", ["-dc", "{data}.xz"], []),
    "openssl": ("/usr/bin/openssl", ["dgst", "-sha512", "{data}"], []),
    "git": ("/usr/bin/git", ["-c", "core.attributesFile=/dev/null", "hash-object", "{data}"], []),
    "cmp": ("/usr/bin/cmp", ["{data}", "/usr/bin/cmp"], []),
    "diff": ("/usr/bin/diff", ["-q", "{data}", "/usr/bin/diff"], []),
    "tar": ("/usr/bin/tar", ["-C", "/usr/share", "-cvf", "/tmp/x.tar", "narthex"], []),
    "cp": ("/usr/bin/cp", ["-av", "/usr/share/narthex", "/tmp/copy"], []),
}
# Further forms of the data file, for those whose arguments name them.
PACKED = {".gz": lambda data: gzip.compress(data, mtime=0), ".xz": lzma.compress}


def prepare(name):
    program, args, files = APPS[name]
    if not os.path.exists(program):
        raise Skipped(f"{program} is not installed")
    for path in files:
        if not os.path.exists(path):
            raise Skipped(f"{path} is not there")
    return program, [a.replace("{data}", HERE) for a in args], files


def quoted(args):
    """For the kernel's parameter line, which reads quotes as a shell does."""
    return " ".join(shlex.quote(a).replace("\n", " ") for a in args)


def data_files(context, args):
    """Pairs of host path and guest path."""
    yield DATA, HERE
    for suffix, pack in PACKED.items():
        if HERE + suffix in args:
            path = context.build / f"data{suffix}"
            path.write_bytes(pack(DATA.read_bytes()))
            yield path, HERE + suffix


def on_linux(program, args, data):
    """With the data files at the place where the guest has them, in a namespace of its own."""
    copies = " && ".join(f"cp --preserve=timestamps {shlex.quote(str(host))} {there}"
                         for host, there in data)
    script = (f"mount -t tmpfs none /usr/share && mkdir /usr/share/narthex && {copies} "
              "&& mount -t tmpfs -o mode=1777 none /tmp && cd / && exec \"$@\"")
    result = guest.run(guest.mount_namespace() + ["sh", "-c", script, "sh", program, *args], 60,
                       env=guest.ENVIRONMENT)
    result.status = guest.host_shell_status(result.status)
    return result


def app(context, name):
    program, args, files = prepare(name)
    args = [a.replace("\n", " ") for a in args]
    data = list(data_files(context, args))
    host = on_linux(program, args, data)
    initrd = guest.mkinitrd(context, f"app-{name}", data + [(path, None) for path in files],
                            [program])
    result = guest.boot(context, initrd, f"{program} {quoted(args)}", memory=256)
    guest.expect_status(result, host.status)
    differs = difference(host, result)
    if differs:
        raise Failed(differs)


def list_root(context):
    """The issue's `ls -l /`: what is there differs from the host's, how it is shown does not."""
    initrd = guest.mkinitrd(context, "app-ls-root", programs=["/usr/bin/ls"])
    result = guest.boot(context, initrd, "/usr/bin/ls -l /")
    guest.expect_status(result, 0)
    lines = result.output.splitlines()
    names = {line.split()[8] for line in lines if len(line.split()) >= 9}
    if not lines[0].startswith("total ") or not {"dev", "proc", "tmp", "usr"} <= names:
        raise Failed(f"the list is {lines}")


def tests(context):
    for name in APPS:
        yield f"app/{name}", lambda n=name: app(context, n)
    yield "app/ls-root", lambda: list_root(context)
