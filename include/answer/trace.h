/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/policy.h"

/*
 * What happened on the way to an answer, step by step.  Queries carry none; explain gets every step by
 * callback, from the very code that answers.  Pointers in a step live as long as the snapshot is held.
 */
enum trace_kind {
    TRACE_ZONE,   /* the zone that holds the name, and what the lookup said */
    TRACE_CLIENT, /* who asks and where that is */
    TRACE_VIEW,   /* a walk begins with this view of health */
    TRACE_NODE,   /* a node was visited: candidates, draw, choice */
    TRACE_EMPTY,  /* a node had nothing for this client; its parent tries the next */
    TRACE_RESULT, /* endpoints, TTL, scope */
};

struct decision;
struct service;
struct zone_match;

struct trace_step {
    enum trace_kind kind;
    unsigned depth;                      /* of the node, the root is 0 */
    const struct zone_match *match;      /* ZONE */
    const struct service *service;       /* ZONE */
    const struct client *client;         /* CLIENT */
    const struct location *location;     /* CLIENT; may be NULL */
    const char *location_set;            /* CLIENT: whose word it is, of operators' sets; NULL: none */
    enum view view;                      /* VIEW, NODE */
    const struct candidates *candidates; /* NODE, EMPTY */
    const struct draw *draw;             /* NODE */
    const struct choice *choice;         /* NODE */
    const struct decision *decision;     /* RESULT */
};

struct trace {
    void (*step)(struct trace *trace, const struct trace_step *step);
};
