/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"
#include "field.h"

/* What the parsers of the declared objects share: the types of their options. */

#define NAME_PATTERN "^[A-Za-z0-9._-]{1,63}$"

/** A name of a check, pool, policy or endpoint. */
bool name_accept(const char *text, struct error *err);
/** A host name that is no address. */
bool hostname_accept(const char *text, struct error *err);
bool hostname_or_address_accept(const char *text, struct error *err);
bool path_accept(const char *text, struct error *err);
/** A protocol id: 1 to 32 visible characters. */
bool alpn_accept(const char *text, struct error *err);
/** A word without blanks. */
bool word_accept(const char *text, struct error *err);
bool absolute_path_accept(const char *text, struct error *err);

/** Complains if the object's own name is no name. */
void object_name_check(struct reader *reader);

extern const struct field_type type_ipv4;        /* struct declared_endpoint: ipv4, families */
extern const struct field_type type_ipv6;        /* the same for ipv6 */
extern const struct field_type type_hostname;    /* char *, with final dot */
extern const struct field_type type_location;    /* struct coordinates */
extern const struct field_type type_check_names; /* char *[DECLARED_CHECKS_MAX] and its count: name or list */
extern const struct field_type type_endpoints;   /* struct declared_pool: endpoints, count */
extern const struct field_type type_pool_policy; /* struct policy * */
extern const struct field_type type_min_healthy; /* struct declared_min_healthy */
extern const struct field_type type_hold;        /* uint32_t in ms, or HOLD_MANUAL */
extern const struct field_type type_children;    /* struct declared_node: children, count */
extern const struct field_type type_target;      /* struct declared_target */
extern const struct field_type type_when_all_down; /* struct declared_service: when_all_down, sorry */
extern const char *const all_down_words[];         /* in the order of enum all_down; NULL ends them */
extern const struct field_type type_prefixes;      /* struct prefix *, and its count */
extern const struct field_type type_listen;
extern const struct field_type type_cpus;         /* unsigned *, and its count */
extern const struct field_type type_microseconds; /* unsigned */
extern const struct field_type type_webhooks;     /* struct settings_webhook *, and its count */
                                                  /* struct settings_listen *, and its count */

/** Complains if more has to be healthy than there is. */
void min_healthy_check(struct reader *reader, const struct declared_min_healthy *min_healthy, size_t count);

/** True if the JSON object says where to send users to, as an endpoint does. */
bool endpoint_has_place(const cJSON *object);
void declared_endpoint_free(struct declared_endpoint *endpoint); /* what it points at */
void declared_target_free(struct declared_target *target);       /* what it points at */

#define VALUE_TEXT_SIZE 64 /* holds any address, and any name of a target */

/** declared_service_parse, noting where values of the text went, which is also packed. */
struct declared_service *service_parse_placing(const struct object *object, const struct packed *text,
                                               struct problems *problems, struct value_places *places);

void target_read(struct reader *reader, const cJSON *value, struct declared_target *out);
/** `object` has one policy name as its only key. NULL with problems noted. */
struct declared_node *node_read(struct reader *reader, const cJSON *object);
