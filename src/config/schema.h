/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "field.h"

/* The tables of schema.c. */
extern const struct shape shape_check;           /* struct check */
extern const struct shape shape_damp;            /* struct check */
extern const struct shape shape_endpoint;        /* struct declared_endpoint, of a pool */
extern const struct shape shape_inline_endpoint; /* struct declared_endpoint, as a target */
extern const struct shape shape_pool;            /* struct declared_pool */
extern const struct shape shape_node;            /* struct declared_node: a policy's options beside "of" */
extern const struct shape shape_item;            /* struct declared_child: {"to": target, …} */
extern const struct shape shape_https;           /* struct declared_service */
extern const struct shape shape_svcb;            /* struct declared_service */
extern const struct shape shape_mx;              /* struct declared_service */
extern const struct shape shape_srv;             /* struct declared_service */
extern const struct shape shape_service;         /* struct declared_service */
extern const struct shape shape_zone;            /* struct declared_zone */
extern const struct shape shape_rrset;           /* struct declared_rrset */
extern const struct shape shape_place;           /* of a network, model_locations.c */
extern const struct shape shape_settings;        /* struct settings */
extern const struct shape shape_api;             /* struct settings; in access.c */
extern const struct shape shape_resolver;        /* struct settings */
extern const struct shape shape_event_command;   /* struct settings */
extern const struct shape shape_checks;          /* struct settings */
extern const struct shape shape_explain;         /* struct settings */
extern const struct shape shape_query_log;       /* struct settings; in query_log.c */
extern const struct shape shape_dnstap;          /* the same */
extern const struct shape shape_rate_limit;      /* struct settings */

struct settings;
/** What one option of the API demands of another. */
void settings_check_access(struct reader *reader, const struct settings *settings);

#define SERVICE_TTL_MAX 604800 /* a week, in seconds */

/* How a row says where its value goes.  Bounds of durations are in milliseconds. */
#define MEMBER(of, member) .offset = offsetof(of, member), .size = sizeof(((of *)NULL)->member)
#define COUNT(of, member)  .count_offset = offsetof(of, member)
#define SHAPE(rows)        .fields = (rows), .count = sizeof(rows) / sizeof *(rows)

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
