# SPDX-License-Identifier: BSD-3-Clause
"""support/scripts/syscall-sites: the shapes it tells apart."""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import subprocess

import pytest

PATH = pathlib.Path(__file__).resolve().parents[1] / "syscall-sites"
LOADER = importlib.machinery.SourceFileLoader("syscall_sites", str(PATH))
SPEC = importlib.util.spec_from_loader("syscall_sites", LOADER)
sites = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(sites)

MOV, CMP, RET = "b8 27 00 00 00", "48 3d 00 f0 ff ff", "c3"


def shape(before, after, site=0x401100, then=""):
    before = bytes.fromhex(before)
    return sites.shape((site - len(before), before), site, bytes.fromhex(after),
                       bytes.fromhex(then))


@pytest.mark.parametrize("before,after,wanted", [
    (MOV, RET, "mov"), (MOV, CMP, "mov"), ("31 c0", CMP, "cmp"), ("31 c0", CMP[3:], "cmp"),
    ("31 c0", "48 3d 01 f0 ff ff", "cmp"), ("31 c0", "48 3d", "other"),
    ("48 c7 c0 0b 00 00 00", RET, "long"), ("4c 89 c0", RET, "register"),
    ("49 c7 c0 0b 00 00 00", RET, "other"), ("31 c0", "48 89 c7", "other"),
    ("89 f8", RET, "register"), ("89 c7", RET, "other"), ("8b c7", RET, "register"),
    ("8b 07", RET, "other"), ("b9 27 00 00 00", RET, "other"),
])
def test_shapes(before, after, wanted):
    assert shape(before, after) == wanted


@pytest.mark.parametrize("site,wanted", [(0x401007, "page"), (0x401008, "mov"),
                                         (0x401FFE, "mov"), (0x401FFF, "page")])
def test_ends_of_pages_with_mov(site, wanted):
    assert shape(MOV, RET, site) == wanted


@pytest.mark.parametrize("site,wanted", [(0x401000, "cmp"), (0x401FF8, "cmp"),
                                         (0x401FF9, "page")])
def test_ends_of_pages_with_cmp(site, wanted):
    assert shape("31 c0", CMP, site) == wanted


@pytest.mark.parametrize("after,then,wanted", [
    ("48 89 c7", "e8 00 01 00 00", "call"), ("48 89 c7", "e9 00 01 00 00", "call"),
    ("48 63 f8", "e8 00 01 00 00", "call"), ("48 63 f8", "eb 01", "other"),
    ("48 89 c6", "e8 00 01 00 00", "other"),
])
def test_calls_behind(after, then, wanted):
    assert shape("31 c0", after, then=then) == wanted
    if wanted == "call":
        assert shape("31 c0", after, 0x401FF6, then) == "call"
        assert shape("31 c0", after, 0x401FF7, then) == "page"


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
def test_a_file(tmp_path):
    source, program = tmp_path / "a.s", tmp_path / "a"
    source.write_text(".globl _start\n_start: nop\nnop\nnop\nmov $39, %eax\nsyscall\nmov $60, %edi\n"
                      "xor %eax, %eax\nsyscall\ncmp $-4096, %rax\nsyscall\nhlt\n")
    subprocess.run(["gcc", "-nostdlib", "-static", "-o", program, source], check=True)
    page = tmp_path / "page.md"
    assert subprocess.run([PATH, "-o", page, f"a file={program}"], check=False).returncode == 0
    assert "| a file | 3 | 67 % | 1 |  | 1 |  |  |  | 1 |" in page.read_text()


def test_a_missing_file():
    done = subprocess.run([PATH, "x=/nonexistent"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "/nonexistent" in done.stderr
