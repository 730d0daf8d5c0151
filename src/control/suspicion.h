/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Is it them, or is it me?  When most of the checked endpoints fall silent within one interval, it is the
 * cable of this server that was pulled, not theirs.  Peers are endpoints, by slot, and reference targets.
 *
 * It begins  · without references: when of at least ten endpoints that replied most stop within the window,
 *            · with references: when all of them are silent, unless most of ten endpoints still reply.
 * It ends    · when half of those that fell silent reply again, or with references when one of them does,
 *            · without references also when others have kept replying all along for a minute: the network is
 *              there, so the silence is theirs.
 *
 * A pure machine: time comes from outside.  One thread owns it.
 */
struct suspicion;

enum {
    SUSPICION_PEERS_LEAST = 10,
    SUSPICION_WINDOW_MOST_MS = 60000,
    SUSPICION_PARTIAL_MS = 60000, /* how long others must have kept replying */
};

struct suspicion *suspicion_new(void);
void suspicion_free(struct suspicion *suspicion);

/** What the last results of the endpoint say; `window_ms` is how long its silence may take to be noticed:
 * interval and timeout. */
void suspicion_note(struct suspicion *suspicion, uint32_t slot, bool has_replied, uint32_t window_ms,
                    uint64_t now_ms);
/** The endpoint is not checked any more. */
void suspicion_forget(struct suspicion *suspicion, uint32_t slot);
/** How many reference targets there are, and how many of them are known to be silent. */
void suspicion_note_references(struct suspicion *suspicion, unsigned count, unsigned silent);

/** Judges anew; true if the judgement has changed. */
bool suspicion_judge(struct suspicion *suspicion, uint64_t now_ms);
bool suspicion_is_on(const struct suspicion *suspicion);
/** Within what time silence is noticed, by the slowest of the checks; 60 s at most. */
uint32_t suspicion_window_ms(const struct suspicion *suspicion);
/** Figures of the last judgement: endpoints that fell silent, of so many. */
void suspicion_figures(const struct suspicion *suspicion, uint32_t *silent, uint32_t *of);
