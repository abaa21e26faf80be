# SPDX-License-Identifier: BSD-3-Clause
"""make run: which program it would boot."""
import pathlib
import shutil
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parents[3]


def dry_run(*variables):
    return subprocess.run(["make", "-n", "run", *variables], cwd=TREE, capture_output=True,
                          text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", ["true", "ls"])
def test_a_name_is_looked_for_in_the_path(name):
    """Also if it is a builtin of shells."""
    result = dry_run(f"EXEC={name}")
    assert result.returncode == 0, result.stderr
    assert f" {shutil.which(name)}\n" in result.stdout


def test_no_such_program():
    result = dry_run("EXEC=no-such-program")
    assert result.returncode == 2
    assert "no such program" in result.stderr
