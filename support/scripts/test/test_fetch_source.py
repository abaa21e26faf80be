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
[ ! -e "$STATE/changes" ] || cp "$STATE/changes" thing_1-1.debian.tar.gz
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


def fetch(tree, digest, *options):
    path = f"{tree / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(["bash", tree / "support" / "scripts" / "fetch-source", *options,
                           "thing", "1", digest], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH=path, STATE=str(tree)))


def make_tarball(tree):
    subprocess.run(["tar", "-czf", tree / "tarball", "-C", tree, "thing-1"], check=True)
    return hashlib.sha256((tree / "tarball").read_bytes()).hexdigest()


PATCH = "--- a/file\n+++ b/file\n@@ -1 +1 @@\n-content\n\\ No newline at end of file\n+changed\n"


def make_changes(tree, patch=PATCH):
    patches = tree / "debian" / "patches"
    patches.mkdir(parents=True)
    (patches / "series").write_text("# a comment\n\nfirst.patch -p1\n")
    (patches / "first.patch").write_text(patch)
    subprocess.run(["tar", "-czf", tree / "changes", "-C", tree, "debian"], check=True)
    return hashlib.sha256((tree / "changes").read_bytes()).hexdigest()


def test_debians_changes(tree):
    result = fetch(tree, make_tarball(tree), "-d", make_changes(tree))
    assert result.returncode == 0, result.stderr
    assert "gone" not in result.stderr
    unpacked = tree / "build" / "src" / "thing-1.debian"
    assert (unpacked / "file").read_text() == "changed\n"
    assert (unpacked / "debian" / "patches" / "series").exists()


def test_other_changes_are_named(tree):
    make_changes(tree)
    result = fetch(tree, make_tarball(tree), "-d", "0" * 64)
    assert result.returncode == 0, result.stderr
    assert "thing 1 is gone; taking thing_1-1.debian.tar.gz" in result.stderr


def test_changes_that_do_not_apply(tree):
    result = fetch(tree, make_tarball(tree), "-d", make_changes(tree, PATCH.replace("-c", "-x")))
    assert result.returncode == 1
    assert "first.patch of thing 1 does not apply" in result.stderr
    assert not (tree / "build" / "src" / "thing-1.debian").exists()


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
