/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/event.h"

#include "base/clock.h"
#include "base/memory.h"
#include "config/scope.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Words, not numbers: they stand in the store, in webhooks and in filters. */
const char *const event_kind_names[EVENT_KIND_COUNT] = {
    [EVENT_ENDPOINT] = "endpoint",   [EVENT_CHECK] = "check",           [EVENT_OVERRIDE] = "override",
    [EVENT_POOL] = "pool",           [EVENT_POLICY] = "policy",         [EVENT_SERVICE] = "service",
    [EVENT_SUSPICION] = "suspicion", [EVENT_GENERATION] = "generation", [EVENT_LOCATIONS] = "locations",
    [EVENT_NAME] = "name",           [EVENT_FAILOVER] = "failover",
};

bool event_kind_parse(const char *name, enum event_kind *out)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (strcmp(name, event_kind_names[kind]) == 0) {
            *out = (enum event_kind)kind;
            return true;
        }
    }
    return false;
}

bool event_kinds_parse(char *const *names, size_t count, uint32_t *out, struct error *err)
{
    uint32_t kinds = count == 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < count; i++) {
        enum event_kind kind;
        if (!event_kind_parse(names[i], &kind))
            return error_set(err, "there is no kind of events \"%s\"", names[i]);
        kinds |= UINT32_C(1) << kind;
    }
    *out = kinds;
    return true;
}

/* Length of the well-formed sequence at `at` (Unicode table 3-7), 0 if there is none. */
static size_t sequence_size(const unsigned char *at)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    unsigned char low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

static char *clean_copy(const char *text)
{
    char *copy = xstrdup(text != NULL ? text : "");
    for (char *at = copy; *at != '\0';) {
        size_t size = sequence_size((unsigned char *)at);
        if (size == 0)
            *at = '?';
        at += size == 0 ? 1 : size;
    }
    return copy;
}

struct event *events_add(struct events *events, const struct event *event)
{
    if (events->count == events->room) {
        events->room = events->room == 0 ? 16 : 2 * events->room;
        events->items = xrealloc(events->items, events->room, sizeof *events->items);
    }
    struct event *copy = &events->items[events->count++];
    *copy = *event;
    char **texts[] = { &copy->subject, &copy->state, &copy->was, &copy->check, &copy->author, &copy->text };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = clean_copy(*texts[i]);
    return copy;
}

void events_free(struct events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        struct event *event = &events->items[i];
        free(event->subject);
        free(event->state);
        free(event->was);
        free(event->check);
        free(event->author);
        free(event->text);
    }
    free(events->items);
    *events = (struct events){ 0 };
}

bool event_is_in_scope(const struct event *event, const char *scope)
{
    if (scope_is_everything(scope))
        return true;
    switch (event->kind) {
    case EVENT_ENDPOINT:
    case EVENT_CHECK:
    case EVENT_OVERRIDE:
    case EVENT_FAILOVER:
    case EVENT_POOL: {
        char *pool = xstrndup(event->subject, strcspn(event->subject, "/"));
        bool has_pool = scope_has_pool(scope, pool);
        free(pool);
        return has_pool;
    }
    case EVENT_SERVICE: return scope_has_name(scope, event->subject);
    case EVENT_POLICY:
    case EVENT_SUSPICION:
    case EVENT_GENERATION:
    case EVENT_LOCATIONS:
    case EVENT_NAME:
    case EVENT_KIND_COUNT: break;
    }
    return false;
}

bool event_matches(const struct event *event, const struct event_filter *filter)
{
    if ((filter->has_kind && event->kind != filter->kind) || !event_is_in_scope(event, filter->scope))
        return false;
    if (filter->subject == NULL)
        return true;
    size_t size = strlen(filter->subject);
    return strncmp(event->subject, filter->subject, size) == 0 &&
           (event->subject[size] == '\0' || event->subject[size] == '/');
}

static void print_member(struct text *out, const char *key, const char *value)
{
    text_printf(out, ",\"%s\":", key);
    if (value[0] != '\0')
        text_put_json(out, value);
    else
        text_puts(out, "null");
}

void event_print(const struct event *event, struct text *out)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(event->wall_ms, time);
    text_printf(out, "{\"number\":%" PRIu64 ",\"time\":\"%s\",\"kind\":\"%s\"", event->number, time,
                event_kind_names[event->kind]);
    print_member(out, "subject", event->subject);
    print_member(out, "state", event->state);
    print_member(out, "was", event->was);
    print_member(out, "check", event->check);
    print_member(out, "author", event->author);
    print_member(out, "text", event->text);
    text_puts(out, "}");
}
