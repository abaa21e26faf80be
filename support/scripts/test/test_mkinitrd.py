# SPDX-License-Identifier: BSD-3-Clause
"""mkinitrd: what goes in, where it lies in the archive, and that GNU cpio and chroot agree."""
import os
import shutil
import subprocess

import pytest

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 7; }\n'


def members(archive):
    """{name: (mode, ino, nlink, data offset, data)} in order."""
    data, position, found = archive.read_bytes(), 0, {}
    while True:
        assert data[position:position + 6] == b"070701"
        field = [int(data[position + 6 + i * 8:position + 14 + i * 8], 16) for i in range(13)]
        name = data[position + 110:position + 110 + field[11]].split(b"\0")[0].decode()
        start = (position + 110 + field[11] + 3) & ~3
        if name == "TRAILER!!!":
            return found
        assert name not in found
        assert field[2] == field[3] == 0  # uid, gid
        found[name] = (field[1], field[0], field[4], start, data[start:start + field[6]])
        position = (start + field[6] + 3) & ~3


@pytest.fixture
def make(run_script, tmp_path):
    """Runs mkinitrd; returns the members, or the error text when it fails."""
    def make(*arguments):
        out = tmp_path / "out.cpio"
        out.unlink(missing_ok=True)
        result = run_script("mkinitrd", "-o", out, *arguments)
        if result.returncode:
            assert not out.exists()
            return result.stderr.decode()
        make.warnings = result.stderr.decode()
        make.archive = out
        return members(out)
    return make


def extract(archive, folder):
    folder.mkdir()
    with open(archive, "rb") as data:
        subprocess.run(["cpio", "-idm", "--quiet", "--no-absolute-filenames"], stdin=data,
                       cwd=folder, check=True)
    return folder


def test_data_of_full_pages_is_page_aligned(make, tmp_path):
    sizes = {"empty": 0, "small": 100, "almost": 4095, "page": 4096, "big": 70001}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(os.urandom(size))
    found = make(*sum((["-f", f"{tmp_path / name}:/d/{name}"] for name in sizes), []))
    for name, size in sizes.items():
        _, _, _, start, data = found["d/" + name]
        assert data == (tmp_path / name).read_bytes()
        assert size < 4096 or start % 4096 == 0


@pytest.mark.skipif(not shutil.which("cpio"), reason="no cpio")
def test_gnu_cpio_extracts_everything(make, tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/data").write_bytes(os.urandom(9000))
    os.link(folder / "sub/data", folder / "again")
    os.link(folder / "sub/data", folder / "third")
    (folder / "link").symlink_to("sub/data")
    (folder / "sub/data").chmod(0o640)
    make("-f", f"{folder}:/x")
    there = extract(make.archive, tmp_path / "there") / "x"
    assert (there / "sub/data").read_bytes() == (folder / "sub/data").read_bytes()
    assert os.readlink(there / "link") == "sub/data"
    status = (there / "again").stat()
    assert status.st_nlink == 3 and status.st_mode & 0o777 == 0o640
    assert status.st_ino == (there / "third").stat().st_ino
    assert int(status.st_mtime) == int((folder / "again").stat().st_mtime)


def test_hard_links_share_one_inode_and_one_copy(make, tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 5000)
    os.link(tmp_path / "a", tmp_path / "b")
    found = make("-f", f"{tmp_path / 'a'}:/a", "-f", f"{tmp_path / 'b'}:/b")
    assert found["a"][1] == found["b"][1] and found["a"][2] == found["b"][2] == 2
    assert sorted(len(found[name][4]) for name in "ab") == [0, 5000]


def test_output_is_deterministic(make, compile_c):
    program = compile_c("hello", HELLO)
    make("-f", "/etc/hostname", program)
    first = make.archive.read_bytes()
    make("-f", "/etc/hostname", program)
    assert make.archive.read_bytes() == first


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("cpio"), reason="needs root and cpio")
@pytest.mark.parametrize("compiler", ["gcc", "musl-gcc"])
def test_closure_is_enough_to_run(make, tmp_path, compiler):
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    source = tmp_path / "hello.c"
    source.write_text(HELLO)
    subprocess.run([compiler, "-o", tmp_path / "hello", source], check=True)
    make("-f", f"{tmp_path / 'hello'}:/opt/hello")
    assert make.warnings == ""
    root = extract(make.archive, tmp_path / "root")
    result = subprocess.run(["/opt/hello"], preexec_fn=lambda: os.chroot(root),
                            capture_output=True, check=False)
    assert (result.stdout, result.returncode) == (b"hello\n", 7)


@pytest.fixture
def with_library(compile_c, tmp_path):
    """A program, and a library in lib/ beside it that is found by the given linker flag."""
    def build(flag):
        (tmp_path / "lib").mkdir()
        library = compile_c("lib/libanswer.so", "int answer(void);int answer(void){return 42;}",
                            "-shared", "-fPIC", "-Wl,-soname,libanswer.so")
        return compile_c("prog", "int answer(void); int main(void) { return answer(); }",
                         library, flag)
    return build


@pytest.mark.parametrize("tags", ["", ",--disable-new-dtags"])
def test_origin_follows_the_program_into_the_guest(make, with_library, tags):
    program = with_library("-Wl,-rpath,$ORIGIN/lib" + tags)
    found = make("-f", f"{program}:/app/bin/prog")
    assert "app/bin/lib/libanswer.so" in found
    found = make(program)
    assert str(program.parent / "lib/libanswer.so").lstrip("/") in found


def test_missing_library_is_an_error_for_a_program_only(make, with_library):
    program = with_library("-Wl,-rpath,/nonexistent")
    error = make(program)
    assert "needs libanswer.so" in error
    found = make("-f", f"{program}:/prog")
    assert "prog" in found and "needs libanswer.so" in make.warnings


def test_glibc_finds_its_unwinder(make, compile_c):
    ends = "#include <pthread.h>\nint main(void) { pthread_exit(0); }\n"
    for name, source, is_needed in (("hello", HELLO, False), ("ends", ends, True)):
        found = make(compile_c(name, source))
        assert any(path.endswith("libgcc_s.so.1") for path in found) == is_needed


def test_usrmerge_links_and_mapped_files_meet(make, tmp_path):
    """A file is put below /bin before /bin turns out to be a link on this machine."""
    if not os.path.islink("/bin"):
        pytest.skip("no merged /usr here")
    (tmp_path / "file").write_text("x")
    found = make("-f", f"{tmp_path / 'file'}:/bin/early", "/bin/cat")
    assert found["bin"][4] == os.readlink("/bin").encode()
    assert "usr/bin/early" in found and "usr/bin/cat" in found
    assert not any(name.startswith("bin/") for name in found)


def test_patterns_leave_out_what_folders_hold(make, tmp_path):
    for name in ("lib/os.py", "lib/test/a", "lib/test/b", "lib/sub/os.pyc", "lib/sub/testing"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    found = make("-f", f"{tmp_path}/lib:/lib", "-f", f"{tmp_path}/lib/test/a:/lib/test/a",
                 "-x", "*/lib/test", "-x", "*.pyc")
    files = {name for name, (mode, *_) in found.items() if mode & 0o170000 == 0o100000}
    assert files == {"lib/os.py", "lib/sub/testing", "lib/test/a"}


def test_replaced_contents(make, tmp_path):
    for name in "own", "other":
        (tmp_path / name).write_text(name)
    (tmp_path / "own").chmod(0o751)
    (tmp_path / "link").symlink_to("own")
    replace = "-r", f"{tmp_path / 'link'}={tmp_path / 'other'}"
    found = make(*replace, "-f", f"{tmp_path / 'own'}:/a", "-f", f"{tmp_path / 'link'}:/b")
    assert found["a"][4] + found["b"][4] == b"other" and found["a"][0] & 0o777 == 0o751
    assert "a" not in make(*replace, "-f", f"{tmp_path / 'other'}:/c")
    (tmp_path / "other").unlink()
    assert "no such file" in make(*replace, "-f", f"{tmp_path / 'own'}:/a")


def test_script_brings_its_interpreter(make, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env -S cat\n")
    script.chmod(0o755)
    found = make(script)
    assert "usr/bin/env" in found and "usr/bin/cat" in found
    script.write_text("#!/no/such/interpreter\n")
    assert f"{script}: its interpreter /no/such/interpreter" in make(script)


def test_links_in_a_folder_bring_what_they_point_to(make, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_text("out")
    (folder / "relative").symlink_to("../outside")
    (folder / "absolute").symlink_to(tmp_path / "outside")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    found = make("-f", f"{folder}:/a/b")
    copies = [found["a/outside"], found[str(tmp_path / "outside").lstrip("/")]]
    assert copies[0][1] == copies[1][1]  # one file here, hard links there
    assert {copy[4] for copy in copies} == {b"", b"out"}
    assert found["a/b/dangling"][4] == b"nowhere" and "a/b/loop" in found


def test_named_file_wins_over_what_the_closure_finds(make, compile_c, tmp_path):
    program = compile_c("hello", HELLO)
    (tmp_path / "mine").write_text("mine")
    libc = os.path.realpath("/lib/x86_64-linux-gnu/libc.so.6")
    found = make(program, "-f", f"{tmp_path / 'mine'}:{libc}")
    assert found[libc.lstrip("/")][4] == b"mine"


@pytest.mark.parametrize("offset,size,value,field", [
    (4, 1, 9, "EI_CLASS"), (5, 1, 0, "EI_DATA"), (54, 2, 1, "e_phentsize"),
    (56, 2, 0xffff, "e_phnum"), (32, 8, 1 << 60, "program header"), (32, 8, 2**64 - 8, "program"),
])
def test_malformed_elf_names_the_field(make, compile_c, tmp_path, offset, size, value, field):
    data = bytearray(compile_c("hello", HELLO).read_bytes())
    data[offset:offset + size] = value.to_bytes(size, "little")
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    assert field in make(bad)
    assert "bad" in make("-f", f"{bad}:/bad") and field in make.warnings


def test_truncated_elf_at_every_length(compile_c, tmp_path, monkeypatch):
    """Only ElfError may come out of the reader, whatever the file."""
    monkeypatch.syspath_prepend(str(__import__("conftest").SCRIPTS))
    from uk_initrd import elf
    data = compile_c("hello", HELLO).read_bytes()
    cut = tmp_path / "cut"
    for length in list(range(4, 1200, 7)) + list(range(1200, len(data), 501)):
        cut.write_bytes(data[:length])
        try:
            elf.read_needs(cut)
        except elf.ElfError:
            pass


@pytest.mark.parametrize("arguments,text", [
    (["/no/such/program"], "no such program"), (["-f", "/no/such"], "/no"),
    (["-f", "/etc/hostname:relative"], "not absolute"), (["-f", "/no/such:/x"], "no such file"),
])
def test_errors_are_one_line(make, arguments, text):
    error = make(*arguments)
    assert text in error and "Traceback" not in error
