/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included before every kernel C file: one image, so no symbol is ever preempted. What is merely
 * declared is hidden too (-fvisibility=hidden speaks of definitions only), which spares the GOT.
 */
#pragma GCC visibility push(hidden)
