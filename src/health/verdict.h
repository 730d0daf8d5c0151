/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * One counter holds the verdict and the run of results that may change it:
 *     0 ......... rise-1 | rise ......... rise+fall-1
 *           down         |          up
 * A result against the verdict moves it one step towards the border; one in its favour puts it back to the
 * end.  The first result decides.
 */
struct verdict {
    uint32_t level;
    uint16_t rise, fall; /* >= 1 */
    bool is_known;       /* false before the first result */
    bool is_confirming;  /* a first failure has not been counted: the next result decides whether it is */
};

/** 0 counts as 1. */
void verdict_start(struct verdict *verdict, uint16_t rise, uint16_t fall);

/** Knows this verdict without a result, as if many had agreed. */
void verdict_restore(struct verdict *verdict, bool is_up);

/** Returns true if the verdict turned; the first result turns it from unknown. */
bool verdict_note(struct verdict *verdict, bool is_success);

/**
 * With confirmation: asked before a result is noted.  True if it is the first failure of an up endpoint,
 * which may be a packet lost: it is not to be noted, and another check is to follow at once.  What follows
 * counts.
 */
bool verdict_must_confirm(struct verdict *verdict, bool is_success);

bool verdict_is_up(const struct verdict *verdict);

/** Results in a row that would turn it, if the last result disagreed with it; else 0. */
uint32_t verdict_results_needed(const struct verdict *verdict);
