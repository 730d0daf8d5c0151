/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/ramp.h"

#include "base/clock.h"
#include "policy/policy.h"

void ramp_begin(struct ramp *ramp, bool is_new)
{
    *ramp = (struct ramp){ .was_available = !is_new };
}

static bool says_up(const struct endpoint_condition *condition)
{
    return condition->override != NULL && condition->override->state == OVERRIDE_UP;
}

static void begin_hold(struct ramp *ramp, uint32_t hold_ms, uint64_t now_ms)
{
    bool is_manual = hold_ms == HOLD_MANUAL;
    ramp->hold_until_ms = is_manual ? UINT64_MAX : now_ms + hold_ms;
    ramp->hold_until_wall_ms = is_manual ? HELD_MANUALLY : clock_wall_ms() + hold_ms;
}

static void hold(struct ramp *ramp, uint32_t hold_ms, uint64_t now_ms, struct endpoint_condition *condition)
{
    if (condition->verdict == HEALTH_DOWN) {
        ramp->was_down = true;
        ramp->hold_until_ms = 0;
    } else if (condition->verdict == HEALTH_UP && ramp->was_down) {
        ramp->was_down = false;
        if (hold_ms != 0)
            begin_hold(ramp, hold_ms, now_ms);
    }
    /* Not known yet, but down when last heard of: the first result decides whether a hold begins. */
    if (condition->verdict == HEALTH_UNKNOWN && ramp->was_down && hold_ms != 0 && !says_up(condition)) {
        condition->is_available = false;
        condition->hold_until_wall_ms = hold_ms == HOLD_MANUAL ? HELD_MANUALLY : clock_wall_ms() + hold_ms;
    }
    if (hold_ms == 0 || says_up(condition) || ramp->hold_until_ms <= now_ms)
        ramp->hold_until_ms = 0;
    if (ramp->hold_until_ms == 0)
        return;
    condition->is_available = false;
    condition->hold_until_wall_ms = ramp->hold_until_wall_ms;
}

/* Returns the time of the next step, 0: it has all its weight. */
static uint64_t grow(struct ramp *ramp, uint32_t ramp_ms, uint64_t now_ms,
                     struct endpoint_condition *condition)
{
    bool is_back = condition->is_available && !ramp->was_available;
    ramp->was_available = condition->is_available;
    if (is_back) {
        ramp->start_ms = now_ms;
        ramp->is_growing = true;
    }
    if (!condition->is_available || ramp_ms == 0 || now_ms - ramp->start_ms >= ramp_ms)
        ramp->is_growing = false;
    if (!ramp->is_growing)
        return 0;
    uint64_t step = (now_ms - ramp->start_ms) * RAMP_STEPS / ramp_ms + 1;
    condition->withheld = (uint16_t)(WHOLE - WHOLE / RAMP_STEPS * step);
    return ramp->start_ms + (step * ramp_ms + RAMP_STEPS - 1) / RAMP_STEPS;
}

uint64_t ramp_apply(struct ramp *ramp, const struct compiled_pace *pace, uint64_t now_ms,
                    struct endpoint_condition *condition)
{
    hold(ramp, pace->hold_ms, now_ms, condition);
    uint64_t step_ms = grow(ramp, pace->ramp_ms, now_ms, condition);
    if (ramp->hold_until_ms != 0)
        return ramp->hold_until_ms == UINT64_MAX ? 0 : ramp->hold_until_ms;
    return step_ms;
}

void ramp_restore(struct ramp *ramp, const struct compiled_pace *pace, const struct store_pace *from,
                  uint64_t now_ms, int64_t now_wall_ms)
{
    ramp->was_down = from->was_down;
    if (from->hold_until_wall_ms == HELD_MANUALLY || pace->hold_ms == HOLD_MANUAL) {
        if (from->hold_until_wall_ms != 0)
            begin_hold(ramp, HOLD_MANUAL, now_ms);
    } else if (from->hold_until_wall_ms > now_wall_ms) {
        int64_t left_ms = from->hold_until_wall_ms - now_wall_ms; /* the clock may have been set */
        begin_hold(ramp, left_ms < (int64_t)pace->hold_ms ? (uint32_t)left_ms : pace->hold_ms, now_ms);
    }
    if (from->grown_ms < 0 || (uint64_t)from->grown_ms >= pace->ramp_ms)
        return;
    ramp->is_growing = true;
    ramp->start_ms = now_ms - (uint64_t)from->grown_ms; /* may lie before the machine's start: it wraps */
}

void ramp_remember(const struct ramp *ramp, const struct compiled_pace *pace, uint64_t now_ms,
                   struct store_pace *out)
{
    *out = (struct store_pace){ .was_down = ramp->was_down && pace->hold_ms != 0,
                                .hold_until_wall_ms = ramp->hold_until_ms != 0 ? ramp->hold_until_wall_ms : 0,
                                .grown_ms = -1 };
    if (ramp->is_growing && pace->ramp_ms != 0) {
        uint64_t step = (now_ms - ramp->start_ms) * RAMP_STEPS / pace->ramp_ms;
        out->grown_ms = (int64_t)((step * pace->ramp_ms + RAMP_STEPS - 1) / RAMP_STEPS);
    }
}
