/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Something that happened, as it is kept and told: to whom, what it is now and was before, who or what says
 * so.  Numbers ascend by one and are never used twice.
 */
enum event_kind {
    EVENT_ENDPOINT,   /* verdict of an endpoint: "unknown", "up", "down" */
    EVENT_CHECK,      /* the same of one check, where an endpoint has several */
    EVENT_OVERRIDE,   /* "up", "down", "drain", "weight", "cleared", "expired" */
    EVENT_POOL,       /* "available", "unavailable" */
    EVENT_POLICY,     /* the same of a policy with a name */
    EVENT_SERVICE,    /* the same of a service's root: unavailable, when_all_down decides its answers */
    EVENT_SUSPICION,  /* "suspects", "trusts" itself */
    EVENT_GENERATION, /* "accepted" */
    EVENT_LOCATIONS,  /* "loaded" */
    EVENT_NAME,       /* addresses of a hostname of endpoints, "" when there are none */
    EVENT_FAILOVER,   /* "kept", "missed": how soon a dead endpoint was out of answers and caches */
    EVENT_KIND_COUNT,
};
extern const char *const event_kind_names[EVENT_KIND_COUNT];
bool event_kind_parse(const char *name, enum event_kind *out);
/** The kinds of these names as bits; all if there are no names. */
bool event_kinds_parse(char *const *names, size_t count, uint32_t *out, struct error *err);

struct event {
    uint64_t number;
    int64_t wall_ms;
    enum event_kind kind;
    char *subject; /* "us/us-east-1"; no string is NULL, "" says nothing */
    char *state, *was;
    char *check;  /* whose evidence it is */
    char *author; /* who wanted it */
    char *text;   /* evidence, reason, comment */
};

struct events {
    struct event *items;
    size_t count, room;
};

/** Adds a copy; NULL counts as "", and what is not UTF-8 in it becomes "?". */
struct event *events_add(struct events *events, const struct event *event);
void events_free(struct events *events);

/* Which ones are wanted. */
struct event_filter {
    bool has_kind;
    enum event_kind kind;
    const char *subject; /* itself and what is below it: "us" is also "us/us-east-1"; NULL: all */
    const char *scope;   /* see config/scope.h */
};
bool event_matches(const struct event *event, const struct event_filter *filter);

/** True if it is about a pool or a service of the scope.  What is about the whole server, a policy or a
 * hostname is in no scope but everything. */
bool event_is_in_scope(const struct event *event, const char *scope);

/** Appends the event as a JSON object. */
void event_print(const struct event *event, struct text *out);
