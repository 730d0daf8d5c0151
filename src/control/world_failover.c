/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How soon the dead are out of answers, and of caches: measured each time. */
#include "control/world_parts.h"

#include "base/clock.h"
#include "config/failover.h"

#include <stdio.h>

void entry_take_objective(struct entry *entry, const struct compiled_endpoint *compiled)
{
    uint64_t slowest_ms = 0;
    for (size_t i = 0; i < compiled->check_count; i++) {
        const struct failover_pace pace = failover_pace_of(compiled->checks[i].check);
        uint64_t detection_ms = failover_detection_ms(&pace);
        slowest_ms = detection_ms > slowest_ms ? detection_ms : slowest_ms;
    }
    entry->failover.promised_ms = slowest_ms < UINT32_MAX ? (uint32_t)slowest_ms : UINT32_MAX;
    entry->failover.objective_ms = compiled->failover_ms;
    entry->failover.ttl_s = compiled->failover_ttl_s;
}

/* The end of the last check that was good, of those that say that it is down now; 0: there was none. */
static uint64_t last_good_us(const struct entry *entry)
{
    uint64_t last_us = 0;
    for (size_t i = 0; i < entry->check_count; i++) {
        const struct observation *observed = &entry->observed[i];
        if (observed->verdict == HEALTH_DOWN && observed->good_us > last_us)
            last_us = observed->good_us;
    }
    return last_us;
}

static void tell(struct world *world, const struct entry *entry)
{
    const struct failover *failover = &entry->failover;
    bool is_kept = failover_is_kept(failover);
    char text[160];
    world->failovers_kept += is_kept;
    world->failovers_missed += !is_kept;
    snprintf(text, sizeof text,
             "out of answers %.3fs after its last good check, of caches after %.3fs of %gs",
             failover->noticed_ms / 1000.0, (double)failover_achieved_ms(failover) / 1000,
             failover->objective_ms / 1000.0);
    chronicle_note(world->chronicle, &(struct event){ .kind = EVENT_FAILOVER,
                                                      .subject = entry->key,
                                                      .state = is_kept ? "kept" : "missed",
                                                      .text = text });
}

void world_measure_failover(struct world *world, struct entry *entry, const struct endpoint_condition *before,
                            const struct endpoint_condition *after)
{
    uint64_t good_us = last_good_us(entry), now_us = clock_monotonic_us();
    bool is_out = before != NULL && before->is_available && !after->is_available &&
                  before->verdict == HEALTH_UP && after->verdict == HEALTH_DOWN;
    if (!is_out || good_us == 0 || good_us > now_us)
        return;
    uint64_t noticed_ms = (now_us - good_us + 999) / 1000;
    entry->failover.noticed_ms = noticed_ms < UINT32_MAX ? (uint32_t)noticed_ms : UINT32_MAX;
    entry->failover.at_wall_ms = clock_wall_ms();
    entry->failover.measured_ttl_s = entry->failover.ttl_s;
    if (entry->failover.objective_ms != 0)
        tell(world, entry);
}

void world_failovers(const struct world *world, uint64_t *kept, uint64_t *missed)
{
    *kept = world->failovers_kept;
    *missed = world->failovers_missed;
}
