/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * For the few functions that each query passes once: link-time optimization puts them into who calls them,
 * also from another file and whatever their size.  What calling costs, saved registers above all, was a third
 * of a static answer.
 */
#define INLINED inline __attribute__((always_inline))
