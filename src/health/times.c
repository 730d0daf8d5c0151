/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/times.h"

enum { NEWS_NS = 1000000 }; /* what chance alone may add to a short time */

static void note(struct step_time *step, uint32_t taken_us, uint64_t now_us)
{
    uint64_t taken_ns = (uint64_t)taken_us * 1000, most_ns = step->mean_ns * 2 + NEWS_NS;
    if (taken_us == 0)
        return;
    if (step->mean_ns == 0 || taken_ns < step->mean_ns / 2)
        step->mean_ns = taken_ns;
    else
        step->mean_ns = (step->mean_ns * 7 + (taken_ns < most_ns ? taken_ns : most_ns)) / 8;
    step->newest_us = now_us;
    if (step->samples < UINT32_MAX)
        step->samples++;
}

void times_note(struct times *times, const struct finding *finding, uint64_t now_us)
{
    note(&times->of[LATENCY_OF_CONNECT], finding->latency_us, now_us);
    note(&times->of[LATENCY_OF_TLS], finding->tls_us, now_us);
    note(&times->of[LATENCY_OF_FIRST_BYTE], finding->first_byte_us, now_us);
}

void times_age(struct times *times, uint64_t now_us, uint64_t most_us)
{
    for (int of = 0; of < LATENCY_OF_COUNT; of++) {
        if (times->of[of].samples > 0 && now_us - times->of[of].newest_us > most_us)
            times->of[of] = (struct step_time){ 0 };
    }
}

uint32_t times_mean_us(const struct times *times, enum latency_of of)
{
    return (uint32_t)(times->of[of].mean_ns / 1000);
}
