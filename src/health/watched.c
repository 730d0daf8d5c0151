/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/watched.h"

#include "base/clock.h"
#include "base/memory.h"
#include "health/checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(RESOLVED_MOST == NAME_ADDRESSES_MOST && RESOLVED_PROBLEM == NAME_PROBLEM_SIZE,
               "a report holds all that the resolver keeps");

struct watch {
    struct watched *watched;
    uint32_t id;
    struct name_use use;
};

struct watched {
    struct resolver *resolver;
    struct mailbox *reports;
    struct watch **watches; /* by id */
    size_t room;
};

struct watched *watched_new(struct resolver *resolver, struct mailbox *reports)
{
    struct watched *watched = xcalloc(1, sizeof *watched);
    watched->resolver = resolver;
    watched->reports = reports;
    return watched;
}

static void watch_free(struct watch *watch)
{
    if (watch != NULL)
        name_release(&watch->use);
    free(watch);
}

void watched_free(struct watched *watched)
{
    if (watched == NULL)
        return;
    for (size_t i = 0; i < watched->room; i++)
        watch_free(watched->watches[i]);
    free(watched->watches);
    free(watched);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct address *left = a, *right = b;
    return memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

/* In ascending order and each once, so that another order is no change. */
static uint8_t put_addresses(struct address *from, size_t count, size_t size, uint8_t *out)
{
    size_t kept = 0;
    qsort(from, count, sizeof *from, compare_addresses);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && memcmp(out + (kept - 1) * size, from[i].bytes, size) == 0)
            continue;
        memcpy(out + kept * size, from[i].bytes, size);
        kept++;
    }
    return (uint8_t)kept;
}

static void report(void *owner)
{
    const struct watch *watch = owner;
    struct name_answer answer;
    struct name_report *letter = xcalloc(1, sizeof *letter);
    struct resolved *out = &letter->resolved;
    uint64_t now_us = clock_monotonic_us();
    name_answer(&watch->use, &answer);
    letter->letter.kind = LETTER_NAME_REPORT;
    letter->id = watch->id;
    out->count_v4 = put_addresses(answer.v4, answer.count_v4, 4, &out->ipv4[0][0]);
    out->count_v6 = put_addresses(answer.v6, answer.count_v6, 16, &out->ipv6[0][0]);
    out->expires_us = answer.expires_us;
    if (answer.expires_us > now_us)
        out->ttl_s = (uint32_t)((answer.expires_us - now_us + 500000) / 1000000);
    if (answer.answered_us != 0)
        out->wall_ms = clock_wall_ms() - (int64_t)((now_us - answer.answered_us) / 1000);
    out->is_stale = answer.has_failed;
    snprintf(out->problem, sizeof out->problem, "%s", answer.problem);
    mailbox_post(watch->watched->reports, &letter->letter);
}

static struct watch **watch_at(struct watched *watched, uint32_t id)
{
    if (id >= watched->room) {
        size_t room = watched->room * 2 > id ? watched->room * 2 : (size_t)id + 64;
        watched->watches = xrealloc(watched->watches, room, sizeof(struct watch *));
        memset(watched->watches + watched->room, 0, (room - watched->room) * sizeof(struct watch *));
        watched->room = room;
    }
    return &watched->watches[id];
}

void watched_set(struct watched *watched, uint32_t id, const char *hostname)
{
    if (hostname == NULL && id >= watched->room)
        return;
    struct watch **place = watch_at(watched, id);
    watch_free(*place);
    *place = NULL;
    if (hostname == NULL)
        return;
    struct watch *watch = *place = xcalloc(1, sizeof *watch);
    watch->watched = watched;
    watch->id = id;
    watch->use = (struct name_use){ .settled = report, .owner = watch };
    name_acquire(watched->resolver, hostname, &watch->use);
    if (name_is_settled(&watch->use))
        report(watch); /* a check has had it resolved already */
}
