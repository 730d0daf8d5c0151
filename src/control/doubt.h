/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/checker.h"

/*
 * Which reports are believed.  While this server suspects itself (control/suspicion.h) silence takes nobody
 * down: such a report is held.  Replies are believed at any time.
 *
 *     up ──silence──▶ held ──a reply that agrees with down, or the silence goes on after the end──▶ down
 *                      └────up again──▶ up
 *
 * Who fell just before it began is held as well: the first to fall are those that are asked most often.
 * One thread owns it.
 */
struct doubt;

struct doubt *doubt_new(void);
void doubt_free(struct doubt *doubt);

/** The endpoint in `slot` is checked by `count` checks (0: not any more) whose silence shows within
 * `window_ms`; with `has_replied` it did so before this process began. */
void doubt_bind(struct doubt *doubt, uint32_t slot, size_t count, uint32_t window_ms, bool has_replied,
                uint64_t now_ms);

/** Takes note of a report about a check that is held to be `believed` (enum health_verdict).  True if it is
 * to be believed now. */
bool doubt_take(struct doubt *doubt, const struct health_report *report, uint8_t believed, uint64_t now_ms);

/** How many reference targets there are, and how many of them are silent. */
void doubt_note_references(struct doubt *doubt, unsigned count, unsigned silent);

enum doubt_turn { DOUBT_STAYS, DOUBT_BEGINS, DOUBT_ENDS };

/** Judges; to be followed by doubt_next until there is nothing left. */
enum doubt_turn doubt_judge(struct doubt *doubt, uint64_t now_ms);
/** A report that has to be taken back (`is_up`) or that is believed after all; NULL: no more.  Valid until
 * the next call of any function. */
const struct health_report *doubt_next(struct doubt *doubt, bool *is_up);

/** In how many ms it wants to be judged again, -1: only after a report. */
int doubt_wait_ms(const struct doubt *doubt);
/** "11 of 12 checked endpoints stopped replying within 4s". */
void doubt_explain(const struct doubt *doubt, char *out, size_t size);
