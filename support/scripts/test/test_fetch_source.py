# SPDX-License-Identifier: BSD-3-Clause
"""fetch-source, with an apt that is played by two scripts."""
import hashlib
import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "fetch-source"

APT_CONFIG = """#!/bin/sh
echo "etc_list='$STATE/sources.list'; etc_parts='$STATE/sources.d'"
"""
# One of the sources cannot be read; of the others comes what is in $STATE/tarball, if it is there.
APT_GET = """#!/bin/sh
for word; do last=$word; done
[ "$last" != update ] || exit 100
[ -e "$STATE/tarball" ] || exit 100
cp "$STATE/tarball" thing_1.orig.tar.gz
"""


@pytest.fixture
def tree(tmp_path):
    """A tree with the script alone, since it unpacks beside itself."""
    (tmp_path / "support" / "scripts").mkdir(parents=True)
    (tmp_path / "support" / "scripts" / "fetch-source").write_bytes(SCRIPT.read_bytes())
    (tmp_path / "bin").mkdir()
    for name, text in ("apt-config", APT_CONFIG), ("apt-get", APT_GET):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "thing-1").mkdir()
    (tmp_path / "thing-1" / "file").write_text("content")
    return tmp_path


def fetch(tree, digest):
    path = f"{tree / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(["bash", tree / "support" / "scripts" / "fetch-source", "thing", "1",
                           digest], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH=path, STATE=str(tree)))


def make_tarball(tree):
    subprocess.run(["tar", "-czf", tree / "tarball", "-C", tree, "thing-1"], check=True)
    return hashlib.sha256((tree / "tarball").read_bytes()).hexdigest()


def test_one_source_fails(tree):
    result = fetch(tree, make_tarball(tree))
    assert result.returncode == 0, result.stderr
    assert "cannot be read" in result.stderr
    assert (tree / "build" / "src" / "thing-1" / "file").read_text() == "content"


def test_another_tarball(tree):
    make_tarball(tree)
    result = fetch(tree, "0" * 64)
    assert result.returncode == 1
    assert "no source package 'thing' with the pinned hash" in result.stderr
    assert not (tree / "build" / "src" / "thing-1").exists()


def test_all_sources_fail(tree):
    result = fetch(tree, "0" * 64)
    assert result.returncode == 1
    assert "no source package" in result.stderr
