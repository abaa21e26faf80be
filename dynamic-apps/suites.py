# SPDX-License-Identifier: BSD-3-Clause
"""Suites of tests that come with a program: what is expected of each test in the guest, kept in a
file of lines with tabs, and the page for readers that is made from it."""
import collections

HEADINGS = {"skipped": "Skipped", "either": "Not counted, as it depends on the machine"}

# ok, skipped, either (may fail), or anything else for a failure; and why
Result = collections.namedtuple("Result", "outcome why")


class Suite:
    """What is expected of one suite: counts in the guest and on Linux; of each test that does not
    pass in the guest, its Result there and its outcome on Linux."""

    def __init__(self):
        self.counts = {}
        self.others = {}

    def lines(self, name):
        for where, text in self.counts.items():
            yield f"{name}\t{where}\t{text}"
        for test, (result, on_linux) in sorted(self.others.items()):
            yield f"{name}\t{result.outcome}\t{on_linux}\t{test}\t{result.why}"


def counts(results):
    count = collections.Counter(result.outcome for result in results.values())
    failed = sum(count.values()) - count["ok"] - count["skipped"] - count["either"]
    return f"{count['ok']} passed, {count['skipped']} skipped, {failed} failed"


def read_expected(path):
    suites = collections.defaultdict(Suite)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        name, kind, *rest = line.split("\t")
        if kind in ("guest", "linux"):
            suites[name].counts[kind] = rest[0]
        else:
            on_linux, test, why = rest
            suites[name].others[test] = Result(kind, why), on_linux
    return suites


def difference(expected, results):
    """The first few tests whose outcome is another than expected, in words; "" when all agree."""
    said = []
    for test in sorted(set(expected.others) | set(results)):
        was = expected.others[test][0].outcome if test in expected.others else "ok"
        now = results.get(test, Result("not run", ""))
        if now.outcome != was:
            said.append(f"{test} is {now.outcome} ({now.why}), not {was}")
    if not said and counts(results) != expected.counts.get("guest"):
        said.append(f"{counts(results)}, not {expected.counts.get('guest')}")
    return "; ".join(said[:5]) + (f" (+{len(said) - 5})" if len(said) > 5 else "")


def check(expected, group, names, run):
    """run(name): {test: Result}. Says of each suite whether it is as expected; 1 if one is not."""
    status = 0
    for name in names:
        differs = difference(expected[name], run(name))
        status |= bool(differs)
        print(f"FAIL {group}/{name}: {differs}" if differs else f"PASS {group}/{name}", flush=True)
    return status


def update(path, names, run_in_guest, run_here):
    """Writes down what these suites give now. One of which nothing is run is left out."""
    expected = read_expected(path)
    for name in names:
        results = run_in_guest(name)
        if all(result.outcome == "skipped" for result in results.values()):
            expected.pop(name, None)
            continue
        here = run_here(name)
        suite = expected[name] = Suite()
        suite.counts = {"guest": counts(results), "linux": counts(here)}
        suite.others = {test: (result, here.get(test, Result("not there", "")).outcome)
                        for test, result in results.items() if result.outcome != "ok"}
        print(f"{name}: {suite.counts}", flush=True)
        lines = [line for each, suite in expected.items() for line in suite.lines(each)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def by_reason(suite, separator):
    """{heading: {group: [test]}}, in order. A test's name may hold its group before a separator."""
    table = {}
    for test, (result, on_linux) in sorted(suite.others.items()):
        outcome = HEADINGS.get(result.outcome, "Failed")
        if on_linux == result.outcome == "skipped":
            outcome += " (on Linux as well)"
        owner, _, name = test.rpartition(separator) if separator else ("", "", test)
        table.setdefault(f"{outcome}: {result.why}", {}).setdefault(owner, []).append(name)
    return table


def write_page(path, page, head, naming):
    """`head` has {table}. `naming`: a word in front of every test's name that is left out, and what
    separates its group from it."""
    word, separator = naming
    expected = read_expected(path)
    rows = [f"| {name} | {suite.counts['guest']} | {suite.counts['linux']} |"
            for name, suite in expected.items()]
    parts = [head.replace("{table}", "\n".join(rows))]
    for name, suite in expected.items():
        if suite.others:
            parts.append(f"## {name}\n")
        for heading, owners in by_reason(suite, separator).items():
            parts.append(heading)
            parts += [f"- {owner.removeprefix(word + separator)}: {', '.join(tests)}" if owner else
                      "\n".join(f"- {test}" for test in tests) for owner, tests in owners.items()]
            parts.append("")
    page.write_text("\n".join(parts), encoding="utf-8")
