# SPDX-License-Identifier: BSD-3-Clause
# Tests and checks. Each prints PASS/FAIL/SKIP lines; `make test` runs them all and counts.

UK_CHECKS := layers arch-if syscalls format cppcheck shellcheck
check: $(UK_CHECKS:%=check-%)
$(UK_CHECKS:%=check-%): check-%: | prerequisites-test
	@$(SCRIPTS)/check $*

script-tests: | prerequisites-test
	@$(SCRIPTS)/check scripts

test: | prerequisites-build prerequisites-run prerequisites-test prerequisites-libc
	@$(SCRIPTS)/run-tests '$(MAKE)'

bench: | prerequisites-build prerequisites-run prerequisites-bench
	@$(MAKE) --no-print-directory image libc-glibc
	@bench/run-bench $(BENCH_ARGS)

.PHONY: check $(UK_CHECKS:%=check-%) script-tests test bench
