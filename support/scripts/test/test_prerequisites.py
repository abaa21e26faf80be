# SPDX-License-Identifier: BSD-3-Clause
"""prerequisites, with a package manager that is played by two scripts."""
import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "prerequisites"

# Knows the packages that are files in $STATE/installed.
DPKG_QUERY = """#!/bin/sh
for name; do
	[ ! -e "$STATE/installed/$name" ] || echo "ii  $name"
done
"""
# Like apt-get, ends with an error when another one runs.
APT_GET = """#!/bin/sh
echo "$*" >>"$STATE/calls"
mkdir "$STATE/running" || exit 100
sleep 0.2
for name; do
	case $name in one | two) touch "$STATE/installed/$name" ;; esac
done
rmdir "$STATE/running"
"""
# Root, or who may become it.
ID = "#!/bin/sh\necho 0\n"


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "installed").mkdir()
    (tmp_path / "bin").mkdir()
    for name, text in ("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("id", ID):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def start(machine, *packages):
    path = f"{machine / 'bin'}:{os.environ['PATH']}"
    return subprocess.Popen([SCRIPT, "-p", *packages], stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, PATH=path, STATE=str(machine)))


def installs(machine):
    calls = machine / "calls"
    return calls.read_text().count(" install ") if calls.exists() else 0


def test_nothing_missing(machine):
    (machine / "installed" / "one").touch()
    assert start(machine, "one").wait() == 0
    assert installs(machine) == 0


def test_installs_what_is_missing(machine):
    (machine / "installed" / "one").touch()
    assert start(machine, "one", "two").wait() == 0
    calls = (machine / "calls").read_text()
    assert calls.count("\n") == 1 and calls.endswith(" two\n")


def test_side_by_side(machine):
    """As make -j starts them."""
    started = [start(machine, *packages) for packages in (["one"], ["one", "two"], ["one"])]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert 1 <= installs(machine) <= 2
    assert "update" not in (machine / "calls").read_text()
