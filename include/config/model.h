/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "config/check.h"
#include "config/object.h"
#include "config/problems.h"
#include "dns/name.h"
#include "policy/policy.h"
#include "snapshot/geo.h"
#include "snapshot/node.h"
#include "snapshot/service.h"

/*
 * The declared objects, parsed and checked each for itself.  What they say of each other (names that must
 * exist, loops) is the compiler's business.  All structs own what they point at.
 */
#define DECLARED_CHECKS_MAX 4
#define HOLD_MANUAL         UINT32_MAX /* until an operator says up */

struct declared_endpoint {
    char *name; /* in a pool its key; inline: its address or hostname as written */
    uint8_t families;
    uint8_t ipv4[4], ipv6[16];
    char *hostname;                    /* presentation format with final dot, or NULL */
    uint32_t weight;                   /* default 1 */
    uint32_t capacity;                 /* in the unit of weights; 0: not stated */
    uint8_t shed;                      /* percent */
    uint32_t ramp_ms, hold_ms;         /* 0: as the pool says */
    struct coordinates at;             /* from [lat, lon] or a country code */
    char *checks[DECLARED_CHECKS_MAX]; /* names; instead of the pool's, if any */
    size_t check_count;
};

enum target_kind { TARGET_NONE, TARGET_NAME, TARGET_NODE, TARGET_ENDPOINT };

struct declared_node;
struct declared_target {
    enum target_kind kind;
    char *name;                         /* NAME: of a pool or policy */
    struct declared_node *node;         /* NODE: inline */
    struct declared_endpoint *endpoint; /* ENDPOINT: inline, no check, no override */
    char *pointer; /* JSON pointer of it within the object; NULL: of an endpoint, or of none */
};

struct declared_child {
    struct declared_target to;
    char *rule;      /* key of a geo map, or NULL */
    uint32_t weight; /* default 1 */
    uint8_t shed;    /* percent */
    int8_t bias;
};

struct declared_min_healthy {
    uint16_t value; /* default 1 */
    bool is_percent;
};

struct declared_node {
    const struct policy *policy;
    uint16_t answers; /* 0: the policy's default */
    struct declared_min_healthy min_healthy;
    struct declared_child *children;
    size_t count;             /* >= 1 */
    struct node_parts *parts; /* the compiler's, of a node that services have in common; mostly NULL */
};

struct declared_pool {
    const struct policy *policy; /* not by rule; default round_robin */
    uint16_t answers;
    struct declared_min_healthy min_healthy;
    uint32_t capacity;         /* 0: that of its endpoints */
    uint32_t ramp_ms, hold_ms; /* of its endpoints; 0: none */
    char *checks[DECLARED_CHECKS_MAX];
    size_t check_count;
    struct declared_endpoint *endpoints;
    size_t count; /* >= 1 */
};

/* An HTTPS or SVCB RR. */
struct declared_binding {
    uint16_t priority; /* 0: none */
    uint16_t port;     /* 0: not said */
    char **alpn;
    size_t alpn_count;
    bool has_no_default_alpn;
    char **mandatory; /* names of keys */
    size_t mandatory_count;
    char *ech;    /* base64, or NULL */
    char *target; /* presentation format with final dot; NULL: the owner */
};

/* MX or SRV RRs. */
struct declared_names {
    uint16_t first, step; /* step 0: none */
    uint16_t port;
    struct declared_target policy; /* NONE: the service's own */
};

struct declared_service {
    uint32_t ttl_s;       /* default 30 */
    uint32_t min_ttl_s;   /* default ttl_s / 2 */
    uint32_t failover_ms; /* objective; 0: none */
    bool says_ttl, says_min_ttl;
    struct declared_target policy; /* NONE: A and AAAA are not its business */
    uint8_t when_all_down;         /* enum all_down */
    struct declared_target sorry;
    bool uses_ecs; /* default true */
    bool has_affinity;
    struct declared_binding https, svcb;
    struct declared_names mx, srv;
};

struct declared_zone {
    char *file;     /* as written, or NULL */
    char **records; /* lines in presentation format */
    size_t record_count;
    struct prefix *allow_query; /* who may ask; NULL: everybody */
    size_t allow_query_count;
};

/* Lies over what the zone's file and lines say of its type at its owner. */
struct declared_rrset {
    uint32_t ttl_s;
    char **values;      /* rdata in presentation format */
    size_t value_count; /* 0: there is no such RRset, whatever the file says */
};

/* Where an operator says that networks of clients are. */
struct declared_place {
    struct prefix network;
    struct location location; /* unknown parts are left to databases; nothing known: it is nowhere */
};

struct declared_locations {
    struct declared_place *places; /* each network once */
    size_t count;
};

/* Each parses an object of its kind; NULL with problems noted (all of them).  Pointers in problems start with
 * the object's own (object->pointer); line and column are found where object->file is set. */
struct check *check_parse(const struct object *object, struct problems *problems);
struct declared_pool *declared_pool_parse(const struct object *object, struct problems *problems);
struct declared_node *declared_policy_parse(const struct object *object, struct problems *problems);
struct name_map *declared_map_parse(const struct object *object, struct problems *problems);
struct declared_locations *declared_locations_parse(const struct object *object, struct problems *problems);
struct declared_zone *declared_zone_parse(const struct object *object, struct problems *problems);
struct declared_service *declared_service_parse(const struct object *object, struct problems *problems);
struct declared_rrset *declared_rrset_parse(const struct object *object, struct problems *problems);

void declared_pool_free(struct declared_pool *pool);
void declared_node_free(struct declared_node *node);
void declared_zone_free(struct declared_zone *zone);
void declared_service_free(struct declared_service *service);
void declared_rrset_free(struct declared_rrset *rrset);
void declared_locations_free(struct declared_locations *locations);

/** Notes an error at `pointer` below the object, with line and column if the object came from a file. For the
 * compiler's findings. */
void object_problem(struct problems *problems, const struct object *object, const char *pointer,
                    bool is_warning, const char *format, ...) __attribute__((format(printf, 5, 6)));

/** The JSON Schema (2020-12) of steering.json and steerd.json, from the tables that validate them.  The
 * caller frees it. */
char *schema_of_steering(void);
char *schema_of_settings(void);
