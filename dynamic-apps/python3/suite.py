# SPDX-License-Identifier: BSD-3-Clause
"""Runs one of CPython's own test suites as `python3 -m test -v NAME` does, and tells after each
test what became of it, in a line of its own: `= outcome<TAB>test<TAB>why`. For test-python, which
reads them from the console of the guest.
"""
import os
import runpy
import sys

from test.support import testresult


def tell(outcome, test, why=""):
    why = " ".join(str(why).split())
    os.write(1, f"\n= {outcome}\t{test.id()}\t{why}\n".encode("ascii", "backslashreplace"))


def last_words(error):
    """The exception, and the functions that it went through."""
    kind, value, trace = error
    calls = []
    while trace:
        calls.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return f"{kind.__name__}: {value} in {' '.join(calls[-6:])}"


class Telling(testresult.RegressionTestResult):
    """Of a test and its subtests, the worst is told."""
    running = worst = None

    def note(self, outcome, test, why):
        if self.running is None:  # setting up or tearing down a class or a module
            tell(outcome, test, why)
        elif self.worst is None or self.worst[0] == "skipped":
            self.worst = outcome, self.running, why

    def startTest(self, test):
        self.running, self.worst = test, None
        super().startTest(test)

    def stopTest(self, test):
        tell(*(self.worst or ("ok", test)))
        self.running = None
        super().stopTest(test)

    def addError(self, test, err):
        self.note("error", test, last_words(err))
        super().addError(test, err)

    def addFailure(self, test, err):
        self.note("failure", test, last_words(err))
        super().addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err:
            is_failure = issubclass(err[0], test.failureException)
            self.note("failure" if is_failure else "error", test, last_words(err))
        super().addSubTest(test, subtest, err)

    def addSkip(self, test, reason):
        self.note("skipped", test, reason)
        super().addSkip(test, reason)

    def addUnexpectedSuccess(self, test):
        self.note("failure", test, "an unexpected success")
        super().addUnexpectedSuccess(test)


testresult.RegressionTestResult = Telling
sys.argv = ["test", "-v"] + sys.argv[1:]
runpy.run_module("test", run_name="__main__", alter_sys=True)
