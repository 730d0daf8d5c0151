/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/references.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
    INTERVAL_MS = 1000,
    TIMEOUT_MS = 1000,
    FALL = 2, /* one lost packet is no silence */
};

struct references {
    struct mailbox *box;
    struct checker *checker;
    size_t count;
    bool is_silent[]; /* by slot */
};

static struct check *reference_check(uint16_t port)
{
    struct check *check = xcalloc(1, sizeof *check);
    check->references = 1;
    check->name = xstrdup("reference");
    check->type = CHECK_TCP;
    check->interval_ms = INTERVAL_MS;
    check->timeout_ms = TIMEOUT_MS;
    check->rise = 1;
    check->fall = FALL;
    check->port = port;
    return check;
}

static void bind_reference(struct references *references, uint32_t slot, const struct settings_listen *target)
{
    char name[] = "reference target";
    struct check_binding binding = { .check = reference_check(target->port),
                                     .address = target->address,
                                     .endpoint_name = name };
    checker_bind(references->checker, slot, &binding, 1);
    check_release(binding.check);
}

bool references_start(const struct settings *settings, struct references **out, struct error *err)
{
    size_t count = settings->reference_target_count;
    *out = NULL;
    if (count == 0)
        return true;
    struct references *references = xcalloc(1, sizeof *references + count * sizeof references->is_silent[0]);
    references->box = mailbox_new();
    references->count = count;
    const struct checker_settings checks = { .reports = references->box };
    if (!checker_start(&checks, &references->checker, err)) {
        references_stop(references);
        return false;
    }
    for (uint32_t slot = 0; slot < count; slot++)
        bind_reference(references, slot, &settings->reference_targets[slot]);
    *out = references;
    return true;
}

void references_stop(struct references *references)
{
    unsigned count, silent;
    if (references == NULL)
        return;
    if (references->checker != NULL)
        checker_stop(references->checker);
    references_read(references, &count, &silent);
    mailbox_free(references->box);
    free(references);
}

int references_fd(const struct references *references)
{
    return references != NULL ? mailbox_fd(references->box) : -1;
}

void references_read(struct references *references, unsigned *count, unsigned *silent)
{
    struct letter *next;
    *count = *silent = 0;
    if (references == NULL)
        return;
    for (struct letter *letter = mailbox_take(references->box); letter != NULL; letter = next) {
        struct health_report *report = (struct health_report *)letter;
        next = letter->next;
        references->is_silent[report->endpoint_slot] =
            report->verdict == HEALTH_DOWN && report->settle_ms == 0 && !report->has_replied;
        health_report_free(report);
    }
    *count = (unsigned)references->count;
    for (size_t i = 0; i < references->count; i++)
        *silent += references->is_silent[i];
}
