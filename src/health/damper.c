/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/damper.h"

enum { DOUBLINGS_MOST = 3 };

bool damper_holds(const struct damper *damper, uint64_t now_us)
{
    return now_us < damper->until_us;
}

bool damper_fall(struct damper *damper, const struct check_damping *rules, uint64_t now_us)
{
    uint64_t within_us = (uint64_t)rules->within_ms * 1000;
    if (rules->flaps == 0 || rules->flaps > DAMPER_FALLS_MAX)
        return false;
    damper->falls_us[damper->fall_count++ % rules->flaps] = now_us;
    uint64_t oldest_us = damper->falls_us[damper->fall_count % rules->flaps];
    if (damper->fall_count < rules->flaps || now_us - oldest_us > within_us)
        return false;
    bool is_soon = damper->until_us != 0 && now_us - damper->until_us <= within_us;
    if (!is_soon)
        damper->doublings = 0;
    else if (damper->doublings < DOUBLINGS_MOST)
        damper->doublings++;
    damper->until_us = now_us + ((uint64_t)rules->hold_ms * 1000 << damper->doublings);
    damper->fall_count = 0;
    return true;
}
