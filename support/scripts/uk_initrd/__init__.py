# SPDX-License-Identifier: BSD-3-Clause
"""The parts of mkinitrd: elf (reader), libraries (search), tree (what goes in), newc (writer)."""
