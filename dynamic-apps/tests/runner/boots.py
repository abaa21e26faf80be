# SPDX-License-Identifier: BSD-3-Clause
"""The boot matrix: protocol, machine, CPU model, memory; and hello in its five builds."""
from . import guest

PROTOCOLS = ("pvh", "multiboot")
MACHINES = ("x86pc", "x86q35", "microvm")
CPUS = ("qemu64", "max")
MEMORIES = (4, 128, 8192)
HELLO = guest.ROOT / "bench" / "hello.c"
GREETING = "Hello, world!\n"


def hello(context, variant, **options):
    program = guest.compile_c(context, HELLO, f"hello-{variant}", variant)
    initrd = guest.mkinitrd(context, f"hello-{variant}", programs=[program])
    result = guest.boot(context, initrd, str(program), **options)
    guest.expect_status(result, 0)
    if result.output != GREETING:
        raise guest.Failed(f"the output is {result.output!r}")


def interpreter_base(context):
    """AT_BASE of an interpreter that is not linked at 0, on Linux and here."""
    source = guest.TESTS / "src" / "interp.c"
    interp, program = context.build / "interp.so", context.build / "interp-user"
    common = ["gcc", "-O2", "-Wall", "-Wextra", "-nostdlib", "-fPIC", "-fno-stack-protector",
              "-fcf-protection=none", "-Wl,-e,start", source, "-o"]
    for more in ([interp, "-shared", "-DFIRST_ADDRESS=0x200000UL",
                  "-Wl,-Ttext-segment=0x200000"],
                 [program, "-pie", "-DFIRST_ADDRESS=0UL", f"-Wl,--dynamic-linker={interp}"]):
        guest.expect_status(guest.run(common + more, 60), 0)
    guest.expect_status(guest.on_host([program]), 0)
    initrd = guest.mkinitrd(context, "interp", programs=[str(program)])
    guest.expect_status(guest.boot(context, initrd, str(program)), 0)


def tests(context):
    yield "boot/interpreter-base", lambda: interpreter_base(context)
    for variant in guest.VARIANTS:
        yield f"boot/hello/{variant}", lambda v=variant: hello(context, v)
    for protocol in PROTOCOLS:
        for machine in MACHINES:
            for cpu in CPUS:
                for memory in MEMORIES:
                    def test(p=protocol, t=machine, c=cpu, m=memory):
                        hello(context, "static", boot=p, machine=t, cpu=c, memory=m)
                    yield f"boot/{protocol}/{machine}/{cpu}/{memory}", test
    yield "boot/least/static", lambda: hello(context, "static", memory=3)
    yield "boot/least/dynamic", lambda: hello(context, "dynamic", memory=8)
