# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the scripts share: where the scripts are, and how to run one."""
import pathlib
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture
def run_script():
    def run(name, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
        if options["stdin"] is None:
            del options["stdin"]
        return subprocess.run([SCRIPTS / name, *map(str, arguments)], capture_output=True,
                              timeout=60, check=False, **options)
    return run


@pytest.fixture
def compile_c(tmp_path):
    """Builds C text (or an assembler file) with gcc; returns the path of the result."""
    def build(name, source, *flags):
        path = source
        if not isinstance(source, pathlib.Path):
            path = tmp_path / (name + ".src.c")
            path.write_text(source)
        subprocess.run(["gcc", "-o", tmp_path / name, path, *map(str, flags)], check=True)
        return tmp_path / name
    return build
