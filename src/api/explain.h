/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"
#include "answer/trace.h"
#include "api/writer.h"
#include "control/control.h"
#include "snapshot/service.h"

/* Turns the steps of a trace into JSON and, along the way, into sentences for people. */
struct explain_steps {
    struct trace trace; /* given to answer_explain; first, so that the callback finds the rest */
    const struct snapshot *now;
    const struct control *control; /* knows what checks measure; NULL: nobody does */
    struct writer *json;           /* inside the array of steps */
    struct text *summary;          /* lines */
    uint16_t qtype;
    const struct service *service; /* of the last ZONE step */
    const struct client *client;   /* of the last CLIENT step */
    uint16_t rule;                 /* child of the node being told whose rule chose; UINT16_MAX: none */
    unsigned walk_count;           /* walks of its tree so far */
    /* below the nodes visited: the endpoint whose change is nearest, and the node that narrowed the scope */
    uint32_t cap_s;
    const char *cap_pool, *cap_endpoint, *scope_by;
    uint8_t scope_by_len;
    /* what the last RESULT said */
    bool has_result;
    uint32_t ttl_s;
    uint8_t scope_len;
    bool depends_on_client;
};

void explain_steps_begin(struct explain_steps *steps, const struct snapshot *now, uint16_t qtype,
                         struct writer *json, struct text *summary);

/** A visited node: its choice, its candidates and why they are what they are. */
void explain_tell_node(struct explain_steps *steps, const struct trace_step *step);
/** A child's name; that of an inline endpoint is written to `room`. */
const char *explain_child_name(const struct candidates *from, uint16_t ordinal,
                               char room[ENDPOINT_NAME_SIZE]);
/** A node that a walk did not enter because it is not available in `view`; nothing if it is. */
void explain_tell_unavailable(struct explain_steps *steps, const struct node *node, enum view view);

/** What clients measured to the candidates of a `latency` node; nothing for others. */
void explain_tell_latency(struct explain_steps *steps, const struct candidates *from, unsigned indent);

/** Notes what TTL and scope of the answer may come from. */
void explain_note_node(struct explain_steps *steps, const struct trace_step *step);
/** Writes "ttl_why" and "scope_why" into the innermost object. */
void explain_tell_derivation(struct explain_steps *steps, const struct decision *decision);
/** The share in force of a child among weighted siblings; false where shares mean nothing. */
bool explain_share(const struct candidates *from, uint16_t ordinal, double *out);
/** Appends to `why` what lowers its share: shedding, a full capacity, weight 0. */
void explain_say_share(const struct candidates *from, uint16_t ordinal, char *why, size_t size);

/** Writes the arrays "answers" and "authority" of a DNS message, records in presentation format; tells each
 * answer in `summary`. */
void explain_write_records(struct writer *json, const uint8_t *message, size_t size, struct text *summary);
