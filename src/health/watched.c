/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/watched.h"

#include "base/memory.h"
#include "health/checker.h"

#include <stdlib.h>
#include <string.h>

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

static void report(void *owner)
{
    const struct watch *watch = owner;
    struct name_answer answer;
    struct name_report *letter = xcalloc(1, sizeof *letter);
    name_answer(&watch->use, &answer);
    letter->letter.kind = LETTER_NAME_REPORT;
    letter->id = watch->id;
    name_answer_publish(&answer, &letter->resolved);
    mailbox_post(watch->watched->reports, &letter->letter);
}

static struct watch **watch_at(struct watched *watched, uint32_t id)
{
    watched->watches = xreach(watched->watches, &watched->room, id, sizeof(struct watch *));
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
        report(watch); /* a check has had it resolved already, or an earlier process */
}
