# SPDX-License-Identifier: BSD-3-Clause
"""The tests that need a guest; see ../run-tests."""
