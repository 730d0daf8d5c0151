/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "config/model.h"
#include "snapshot/conditions.h"
#include "store/pace.h"

/*
 * How an endpoint comes back: held out until it has been healthy for a while (hold), then growing to its
 * weight in steps (ramp).
 *
 *     down ──up──▶ hold ──time, or an operator says up──▶ 1/20, 2/20, … ──▶ whole
 *
 * Workers read no clock: each step is a new condition.  Times are monotonic ms.
 */
#define RAMP_STEPS 20

struct ramp {
    bool was_down;          /* by its checks, and not up again since */
    bool was_available;     /* when last looked at */
    uint64_t hold_until_ms; /* 0: not on hold; UINT64_MAX: until an operator says up */
    int64_t hold_until_wall_ms;
    uint64_t start_ms; /* of the ramp */
    bool is_growing;
};

/** Of an endpoint that was there before anybody looked (the start of the server) or that is new. */
void ramp_begin(struct ramp *ramp, bool is_new);

/** Takes from the condition what hold and ramp keep back.  Returns when to look again, 0: when it changes. */
uint64_t ramp_apply(struct ramp *ramp, const struct compiled_pace *pace, uint64_t now_ms,
                    struct endpoint_condition *condition);

/** Goes on where an earlier process was, after ramp_begin: a hold ends when it would have ended then, a ramp
 * goes on with the step that it had reached. */
void ramp_restore(struct ramp *ramp, const struct compiled_pace *pace, const struct store_pace *from,
                  uint64_t now_ms, int64_t now_wall_ms);

/** What has to be remembered of it beyond this process, but for the endpoint's name. */
void ramp_remember(const struct ramp *ramp, const struct compiled_pace *pace, uint64_t now_ms,
                   struct store_pace *out);
