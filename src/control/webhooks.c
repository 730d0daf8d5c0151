/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/webhooks.h"

#include "base/memory.h"
#include "control/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hook {
    struct webhook *webhook;
    uint32_t kinds; /* bit n: events of kind n */
};

struct webhooks {
    size_t count;
    struct hook hooks[];
};

/* The first line of the file. */
static bool read_secret(const char *path, char out[WEBHOOK_SECRET_MOST], struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, "%s: %s", path, strerrordesc_np(errno));
    bool has_line = fgets(out, WEBHOOK_SECRET_MOST, file) != NULL;
    bool is_whole = has_line && (strchr(out, '\n') != NULL || feof(file));
    fclose(file);
    if (has_line)
        out[strcspn(out, "\r\n")] = '\0';
    if (!has_line || out[0] == '\0')
        return error_set(err, "%s: the secret is empty", path);
    return is_whole || error_set(err, "%s: the secret has more than %d bytes", path, WEBHOOK_SECRET_MOST - 2);
}

bool webhooks_check(const struct settings *settings, struct problems *problems)
{
    bool is_good = true;
    for (size_t i = 0; i < settings->webhook_count; i++) {
        const struct settings_webhook *one = &settings->webhooks[i];
        char secret[WEBHOOK_SECRET_MOST], pointer[64];
        struct error err;
        uint32_t kinds;
        if (event_kinds_parse(one->events, one->event_count, &kinds, &err) &&
            (one->secret_file == NULL || read_secret(one->secret_file, secret, &err)))
            continue;
        snprintf(pointer, sizeof pointer, "/webhooks/%zu", i);
        problems_add(problems, NULL, 0, 0, pointer, "%s", err.text);
        is_good = false;
    }
    return is_good;
}

static bool start_one(const struct settings_webhook *settings, struct hook *out, struct error *err)
{
    char secret[WEBHOOK_SECRET_MOST];
    if (!event_kinds_parse(settings->events, settings->event_count, &out->kinds, err) ||
        (settings->secret_file != NULL && !read_secret(settings->secret_file, secret, err))) {
        char *name = webhook_name(settings->url);
        error_within(err, "webhook %s", name);
        free(name);
        return false;
    }
    return webhook_start(settings->url, settings->secret_file != NULL ? secret : NULL, &out->webhook, err);
}

bool webhooks_start(const struct settings *settings, struct webhooks **out, struct error *err)
{
    *out = NULL;
    if (settings->webhook_count == 0)
        return true;
    struct webhooks *webhooks =
        xcalloc(1, sizeof *webhooks + settings->webhook_count * sizeof webhooks->hooks[0]);
    webhooks->count = settings->webhook_count;
    for (size_t i = 0; i < webhooks->count; i++) {
        if (!start_one(&settings->webhooks[i], &webhooks->hooks[i], err)) {
            webhooks_stop(webhooks);
            return false;
        }
    }
    *out = webhooks;
    return true;
}

void webhooks_stop(struct webhooks *webhooks)
{
    if (webhooks == NULL)
        return;
    for (size_t i = 0; i < webhooks->count; i++)
        webhook_stop(webhooks->hooks[i].webhook);
    free(webhooks);
}

void webhooks_tell(struct webhooks *webhooks, const struct events *events)
{
    for (size_t i = 0; webhooks != NULL && i < events->count; i++) {
        const struct event *event = &events->items[i];
        for (size_t k = 0; k < webhooks->count; k++) {
            if ((webhooks->hooks[k].kinds >> event->kind & 1) == 0)
                continue;
            struct text body = { 0 };
            event_print(event, &body);
            webhook_post(webhooks->hooks[k].webhook, text_take(&body), event_kind_names[event->kind]);
        }
    }
}

void webhooks_count(const struct webhooks *webhooks, struct webhook_counters *out)
{
    *out = (struct webhook_counters){ 0 };
    for (size_t i = 0; webhooks != NULL && i < webhooks->count; i++)
        webhook_count(webhooks->hooks[i].webhook, out);
}
