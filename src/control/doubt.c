/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/doubt.h"

#include "base/duration.h"
#include "base/memory.h"
#include "config/model.h"
#include "control/suspicion.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JUDGE_EVERY_MS = 500,
    REFERENCES_SLOW_MS = 5000, /* what references may take to be known to be silent */
};

/* One endpoint.  Bits of the masks are its checks. */
struct record {
    uint64_t known, silent; /* what the last results say */
    uint64_t held, rising;  /* held reports; of these the ones that reply again */
    size_t count;
    uint32_t window_ms;
    struct fall *falls; /* one a check */
};

/* What took a check down by silence, or would. */
struct fall {
    struct health_report *report; /* NULL: nothing */
    uint64_t ms;
};

static_assert(DECLARED_CHECKS_MAX * (CHECK_INPUTS_MAX + 1) < 64, "a bit a check");

struct doubt {
    struct suspicion *suspicion;
    struct record **records; /* by slot */
    size_t room;
    unsigned reference_count, reference_silent;
    uint64_t grace_end_ms; /* until then silence is not believed after the end; 0: no such time */
    enum doubt_turn turn;  /* what doubt_next hands out */
    bool is_releasing;
    uint64_t judged_ms;
    uint32_t next_slot;
    size_t next_check;
    struct health_report *out;
};

struct doubt *doubt_new(void)
{
    struct doubt *doubt = xcalloc(1, sizeof *doubt);
    doubt->suspicion = suspicion_new();
    return doubt;
}

static uint64_t bit_of(size_t check)
{
    return UINT64_C(1) << check;
}

static void drop_fall(struct record *record, size_t check)
{
    free(record->falls[check].report);
    record->falls[check].report = NULL;
    record->held &= ~bit_of(check);
    record->rising &= ~bit_of(check);
}

/* So many checks from now on. */
static void resize_record(struct record *record, size_t count)
{
    for (size_t i = count; i < record->count; i++)
        drop_fall(record, i);
    if (count == record->count)
        return;
    record->falls = xrealloc(record->falls, count, sizeof *record->falls);
    for (size_t i = record->count; i < count; i++)
        record->falls[i] = (struct fall){ NULL, 0 };
    record->count = count;
}

static void drop_record(struct doubt *doubt, uint32_t slot)
{
    if (slot >= doubt->room || doubt->records[slot] == NULL)
        return;
    for (size_t i = 0; i < doubt->records[slot]->count; i++)
        drop_fall(doubt->records[slot], i);
    free(doubt->records[slot]->falls);
    free(doubt->records[slot]);
    doubt->records[slot] = NULL;
}

void doubt_free(struct doubt *doubt)
{
    if (doubt == NULL)
        return;
    for (uint32_t slot = 0; slot < doubt->room; slot++)
        drop_record(doubt, slot);
    free(doubt->records);
    free(doubt->out);
    suspicion_free(doubt->suspicion);
    free(doubt);
}

static struct record *record_at(struct doubt *doubt, uint32_t slot)
{
    doubt->records = xreach(doubt->records, &doubt->room, slot, sizeof *doubt->records);
    if (doubt->records[slot] == NULL)
        doubt->records[slot] = xcalloc(1, sizeof **doubt->records);
    return doubt->records[slot];
}

void doubt_bind(struct doubt *doubt, uint32_t slot, size_t count, uint32_t window_ms, bool has_replied,
                uint64_t now_ms)
{
    if (count == 0) {
        drop_record(doubt, slot);
        suspicion_forget(doubt->suspicion, slot);
        return;
    }
    struct record *record = record_at(doubt, slot);
    resize_record(record, count);
    uint64_t kept = bit_of(count) - 1;
    record->known &= kept;
    record->silent &= kept;
    record->window_ms = window_ms;
    if (has_replied)
        suspicion_note(doubt->suspicion, slot, true, window_ms, now_ms);
}

/* An endpoint is silent when none of its checks hears anything. */
static void note_reply(struct doubt *doubt, const struct health_report *report, struct record *record,
                       uint64_t now_ms)
{
    uint64_t bit = bit_of(report->check_index);
    record->known |= bit;
    record->silent = report->has_replied ? record->silent & ~bit : record->silent | bit;
    bool has_replied = (record->known & ~record->silent) != 0;
    suspicion_note(doubt->suspicion, report->endpoint_slot, has_replied, record->window_ms, now_ms);
}

static void note_fall(struct record *record, const struct health_report *report, uint64_t now_ms)
{
    struct fall *fall = &record->falls[report->check_index];
    if (fall->report == NULL)
        fall->ms = now_ms;
    free(fall->report);
    fall->report = xmemdup(report, sizeof *report);
}

bool doubt_take(struct doubt *doubt, const struct health_report *report, uint8_t believed, uint64_t now_ms)
{
    if (report->endpoint_slot >= doubt->room || doubt->records[report->endpoint_slot] == NULL ||
        report->check_index >= doubt->records[report->endpoint_slot]->count)
        return true;
    struct record *record = doubt->records[report->endpoint_slot];
    uint64_t bit = bit_of(report->check_index);
    note_reply(doubt, report, record, now_ms);
    bool is_falling = report->verdict == HEALTH_DOWN && report->settle_ms == 0 && !report->has_replied;
    bool is_rising = report->verdict == HEALTH_DOWN && report->settle_ms != 0;
    if (is_rising && (record->held & bit) != 0) {
        record->rising |= bit;
        return false;
    }
    if (!is_falling || believed == HEALTH_DOWN) {
        if (!is_falling)
            drop_fall(record, report->check_index);
        return true;
    }
    note_fall(record, report, now_ms);
    record->rising &= ~bit;
    record->held &= ~bit;
    if (!suspicion_is_on(doubt->suspicion) && now_ms >= doubt->grace_end_ms)
        return true;
    record->held |= bit;
    return false;
}

void doubt_note_references(struct doubt *doubt, unsigned count, unsigned silent)
{
    doubt->reference_count = count;
    doubt->reference_silent = silent;
    suspicion_note_references(doubt->suspicion, count, silent);
}

enum doubt_turn doubt_judge(struct doubt *doubt, uint64_t now_ms)
{
    doubt->turn = DOUBT_STAYS;
    doubt->is_releasing = false;
    doubt->judged_ms = now_ms;
    doubt->next_slot = 0;
    doubt->next_check = 0;
    if (suspicion_judge(doubt->suspicion, now_ms)) {
        bool is_on = suspicion_is_on(doubt->suspicion);
        doubt->turn = is_on ? DOUBT_BEGINS : DOUBT_ENDS;
        doubt->grace_end_ms = is_on ? 0 : now_ms + suspicion_window_ms(doubt->suspicion);
    }
    if (!suspicion_is_on(doubt->suspicion) && doubt->grace_end_ms != 0 && now_ms >= doubt->grace_end_ms) {
        doubt->grace_end_ms = 0;
        doubt->is_releasing = true;
    }
    return doubt->turn;
}

/* Whether doubt_next hands this one out; marks it so that it is the last time. */
static bool is_next(struct doubt *doubt, struct record *record, size_t check)
{
    uint64_t bit = bit_of(check);
    uint64_t back_ms =
        suspicion_window_ms(doubt->suspicion) + (doubt->reference_count > 0 ? REFERENCES_SLOW_MS : 0u);
    if (record->falls[check].report == NULL)
        return false;
    if (doubt->turn == DOUBT_BEGINS) {
        bool is_fresh = (record->held & bit) == 0 && doubt->judged_ms - record->falls[check].ms <= back_ms;
        record->held |= is_fresh ? bit : 0;
        return is_fresh;
    }
    bool is_believed = doubt->is_releasing && (record->held & bit) != 0 && (record->rising & bit) == 0;
    if (is_believed)
        record->held &= ~bit;
    return is_believed;
}

const struct health_report *doubt_next(struct doubt *doubt, bool *is_up)
{
    bool has_more = doubt->turn == DOUBT_BEGINS || doubt->is_releasing;
    *is_up = doubt->turn == DOUBT_BEGINS;
    for (; has_more && doubt->next_slot < doubt->room; doubt->next_slot++, doubt->next_check = 0) {
        struct record *record = doubt->records[doubt->next_slot];
        while (record != NULL && doubt->next_check < record->count) {
            size_t check = doubt->next_check++;
            if (!is_next(doubt, record, check))
                continue;
            free(doubt->out);
            doubt->out = xmemdup(record->falls[check].report, sizeof *doubt->out);
            return doubt->out;
        }
    }
    return NULL;
}

int doubt_wait_ms(const struct doubt *doubt)
{
    return suspicion_is_on(doubt->suspicion) || doubt->grace_end_ms != 0 ? JUDGE_EVERY_MS : -1;
}

void doubt_explain(const struct doubt *doubt, char *out, size_t size)
{
    uint32_t silent, of;
    char window[DURATION_TEXT_SIZE];
    suspicion_figures(doubt->suspicion, &silent, &of);
    duration_format(suspicion_window_ms(doubt->suspicion), window);
    if (doubt->reference_count > 0)
        snprintf(out, size, "%u of %u reference targets are silent", doubt->reference_silent,
                 doubt->reference_count);
    else if (suspicion_is_on(doubt->suspicion))
        snprintf(out, size, "%" PRIu32 " of %" PRIu32 " checked endpoints stopped replying within %s", silent,
                 of, window);
    else
        snprintf(out, size, "%" PRIu32 " of %" PRIu32 " checked endpoints do not reply", silent, of);
}
