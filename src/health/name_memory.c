/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/name_memory.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/table.h"
#include "health/checker.h"

#include <stdlib.h>
#include <string.h>

#define TELL_APART_US 60000000 /* the same name */

struct memory {
    struct resolved *before; /* of the earlier process, until the name is used */
    uint64_t digest;         /* of what was told last; of no addresses: nothing was */
    uint64_t told_us;        /* monotonic; 0: not by this process */
    bool is_used;
};

struct name_memory {
    struct mailbox *reports;
    struct table *names;   /* hostname → struct memory */
    struct resolved *lent; /* to the caller of find */
    bool has_ended;
};

/* Only to see that something is as it was. */
static uint64_t digest_of(const struct resolved *resolved)
{
    if (resolved_families(resolved) == 0)
        return 0;
    uint64_t digest = hash_bytes(HASH_START, &resolved->is_stale, sizeof resolved->is_stale);
    digest = hash_bytes(digest, resolved->ipv4, resolved->count_v4 * sizeof *resolved->ipv4);
    return hash_bytes(digest, resolved->ipv6, resolved->count_v6 * sizeof *resolved->ipv6);
}

static struct memory *memory_of(struct name_memory *memory, const char *hostname)
{
    struct memory *name = table_find(memory->names, hostname);
    if (name == NULL) {
        name = xcalloc(1, sizeof *name);
        table_put(memory->names, hostname, name);
    }
    return name;
}

static void memory_free(struct memory *name)
{
    if (name != NULL)
        free(name->before);
    free(name);
}

struct name_memory *name_memory_new(const struct known_name *known, size_t count, struct mailbox *reports)
{
    struct name_memory *memory = xcalloc(1, sizeof *memory);
    memory->reports = reports;
    memory->names = table_new();
    for (size_t i = 0; i < count; i++) {
        struct memory *name = memory_of(memory, known[i].hostname);
        free(name->before);
        name->before = xmemdup(&known[i].resolved, sizeof known[i].resolved);
        name->digest = digest_of(name->before);
    }
    return memory;
}

void name_memory_free(struct name_memory *memory)
{
    const char *hostname;
    void *name;
    if (memory == NULL)
        return;
    for (size_t at = 0; table_next(memory->names, &at, &hostname, &name);)
        memory_free(name);
    table_free(memory->names);
    free(memory->lent);
    free(memory);
}

const struct resolved *name_memory_find(struct name_memory *memory, const char *hostname)
{
    struct memory *name = memory_of(memory, hostname);
    name->is_used = true;
    free(memory->lent);
    memory->lent = name->before;
    name->before = NULL;
    return memory->lent;
}

static void tell(const struct name_memory *memory, const char *hostname, const struct resolved *now)
{
    if (memory->has_ended)
        return;
    size_t size = strlen(hostname) + 1;
    struct known_name_report *report = xcalloc(1, sizeof *report + size);
    report->letter.kind = LETTER_NAME_KNOWN;
    report->resolved = *now;
    memcpy(report->hostname, hostname, size);
    mailbox_post(memory->reports, &report->letter);
}

void name_memory_note(struct name_memory *memory, const char *hostname, const struct resolved *now)
{
    struct memory *name = memory_of(memory, hostname);
    uint64_t digest = digest_of(now), now_us = clock_monotonic_us();
    if (digest == name->digest || (name->told_us != 0 && now_us - name->told_us < TELL_APART_US))
        return;
    name->digest = digest;
    name->told_us = now_us;
    tell(memory, hostname, now);
}

void name_memory_forget(struct name_memory *memory, const char *hostname)
{
    static const struct resolved nothing;
    const struct memory *name = table_find(memory->names, hostname);
    if (name != NULL && name->digest != 0)
        tell(memory, hostname, &nothing);
    memory_free(table_remove(memory->names, hostname));
}

void name_memory_forget_rest(struct name_memory *memory)
{
    const char *hostname;
    void *name;
    for (size_t at = 0; table_next(memory->names, &at, &hostname, &name);)
        if (!((struct memory *)name)->is_used)
            name_memory_forget(memory, hostname);
}

void name_memory_end(struct name_memory *memory)
{
    memory->has_ended = true;
}
