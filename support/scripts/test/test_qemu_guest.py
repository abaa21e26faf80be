# SPDX-License-Identifier: BSD-3-Clause
"""qemu-guest with a guest of a few instructions: console, status, limits."""
import pathlib
import shutil

import pytest

HERE = pathlib.Path(__file__).parent
pytestmark = pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="no QEMU")


@pytest.fixture
def guest(compile_c):
    return compile_c("guest", HERE / "guest.S", "-m32", "-nostdlib", "-static", "-no-pie",
                     "-Wl,-Ttext=0x100000,--build-id=none,-z,noexecstack")


@pytest.mark.parametrize("machine", ["microvm", "x86pc", "x86q35"])
def test_input_reaches_guest_and_status_comes_back(run_script, guest, machine):
    result = run_script("qemu-guest", "-k", guest, "-t", machine, "-T", 30, input=b"hello\n")
    assert result.stdout == b"hello\n"
    assert result.returncode == 42


def test_half_a_line_gets_a_second_eof(run_script, guest):
    result = run_script("qemu-guest", "-k", guest, "-T", 30, input=b"half")
    assert (result.stdout, result.returncode) == (b"half", 42)


def test_long_input_is_not_lost(run_script, guest):
    text = bytes(range(48, 123)) * 100
    result = run_script("qemu-guest", "-k", guest, "-T", 60, input=text + b"\n")
    assert (result.stdout, result.returncode) == (text + b"\n", 42)


def test_end_without_status(run_script, guest):
    result = run_script("qemu-guest", "-k", guest, "-T", 30, input=b"!")
    assert result.returncode == 125
    assert b"without a status" in result.stderr


def test_time_limit(run_script, guest):
    result = run_script("qemu-guest", "-k", guest, "-T", 2)
    assert result.returncode == 124
    assert b"no end after 2 s" in result.stderr


def test_missing_kernel_and_missing_qemu(run_script, guest, tmp_path):
    assert run_script("qemu-guest", "-k", tmp_path / "none").returncode == 126
    result = run_script("qemu-guest", "-k", guest, "-q", "no-such-qemu")
    assert result.returncode == 126
    assert b"no-such-qemu" in result.stderr


def test_multiboot_magic_is_hidden_for_pvh(run_script, guest, tmp_path):
    """QEMU would boot an image with a Multiboot header by Multiboot; the header here is broken."""
    data = bytearray(guest.read_bytes())
    room = data.find(bytes(64), 0x200)
    assert 0 < room < 8000
    room = (room + 3) & ~3
    data[room:room + 12] = (0x1BADB002).to_bytes(4, "little") + b"\0\0\0\0" + \
        (-0x1BADB002 & 0xffffffff).to_bytes(4, "little")
    image = tmp_path / "multiboot"
    image.write_bytes(data)
    result = run_script("qemu-guest", "-k", image, "-T", 30, input=b"x\n")
    assert (result.stdout, result.returncode) == (b"x\n", 42)
    assert image.read_bytes() == data


def test_values_may_start_with_a_dash(run_script, guest):
    result = run_script("qemu-guest", "-k", guest, "-a", "-- /x -y", "-x", "-cpu max", "-v", "-T",
                        30, input=b"\n")
    assert result.returncode == 42
    assert b"-append '-- /x -y' -cpu max" in result.stderr


@pytest.mark.parametrize("arguments", [["-m", "much"], ["-t", "vax"], ["-A"], ["rest"]])
def test_bad_arguments(run_script, arguments):
    result = run_script("qemu-guest", "-k", "x", *arguments)
    assert result.returncode == 126
    assert b"usage:" in result.stderr


def command_of(run_script, guest, *options):
    """What QEMU would be started with."""
    result = run_script("qemu-guest", "-k", guest, "-q", "/bin/echo", *options)
    assert result.returncode == 125
    return result.stdout.decode()


def test_network(run_script, guest):
    assert "netdev" not in command_of(run_script, guest)
    said = command_of(run_script, guest, "-n")
    assert "-netdev user,id=net0 " in said and "virtio-net-device,netdev=net0" in said
    said = command_of(run_script, guest, "-p", "tcp:6379", "-p", "udp:5353:53", "-t", "x86q35")
    assert ("-netdev user,id=net0,hostfwd=tcp:127.0.0.1:6379-:6379,"
            "hostfwd=udp:127.0.0.1:5353-:53 ") in said
    assert "virtio-net-pci,netdev=net0" in said
    said = command_of(run_script, guest, "-b", "br0")
    assert "-netdev bridge,id=net0,br=br0 " in said and ",mac=52:54:00:" in said
    assert "-netdev tap,id=net0,ifname=tap7,script=no" in command_of(run_script, guest, "-d", "tap7")


@pytest.mark.parametrize("options", [["-p", "6379"], ["-p", "tcp:0"], ["-p", "tcp:1:2:3"],
                                     ["-p", "icmp:1"], ["-p", "tcp:70000"], ["-n", "-b", "br0"]])
def test_impossible_network(run_script, guest, options):
    assert run_script("qemu-guest", "-k", guest, *options).returncode == 126
