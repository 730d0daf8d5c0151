/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/blocks.h"
#include "base/text.h"
#include "config/compiler.h"
#include "config/item.h"
#include "config/kept.h"
#include "config/numbers.h"

/*
 * One compilation under way.  New versions of items are staged beside the head's, so that a refusal has
 * nothing to undo: it forgets them, abandons the edition and gives the numbers back.
 *
 *     changes ─▶ staged items ─▶ parse ─▶ references, loops ─▶ pools, policies ─▶ services, zones ─▶ dataset
 */
struct compiler {
    struct table *items[OBJECT_KIND_COUNT]; /* the head: name → struct item */
    const struct dataset *dataset;          /* never NULL */
    const struct geo *databases; /* what they say, dataset->geo without operators' locations; NULL: none */
    struct numbers endpoint_slots, node_slots, node_ids, service_ids, name_ids;
    uint32_t resolving_count; /* services that answer with the addresses of hostnames */
    uint32_t objective_count; /* services with a failover objective */
    uint32_t walk_count;      /* of objectives.c */
    struct intern *intern;
    struct forms *forms; /* of the objects' texts */
    struct build *build; /* waiting for keep, accept or reject */
    struct kept kept;
    uint32_t build_count;
};

#define PRIVATE_NODE_ID_FIRST (UINT32_C(1) << 23) /* of nodes within a service; shared nodes are below */

struct name_changes {
    struct compiled_name *items;
    size_t count, room;
};

/* A pool or policy being compiled. */
struct draft {
    struct item *item;
    const struct object *said; /* what messages point at */
    struct declared_pool *pool;
    struct declared_node *policy;
    size_t changed_at; /* its place in build.changed */
};

struct build {
    struct compiler *compiler;
    uint32_t number;
    struct table *staged[OBJECT_KIND_COUNT];
    struct problems problems;
    struct edition edition;
    struct blocks blocks;        /* of services, pools and policies */
    const struct geo *geo;       /* of the next dataset */
    const struct geo *databases; /* of the next head; see struct compiler */
    bool is_import;              /* the change comes from the files */
    bool is_restored;            /* it was accepted before, and has to start */
    bool lacks_geo;              /* location rules were compiled without a database */
    unsigned suggestion_count;
    struct draft **drafts; /* of staged pools and policies; after the graph check children come first */
    size_t draft_count, draft_room;
    struct name_changes names;
    int32_t resolving_change; /* of the compiler's count */
    int32_t objective_change; /* of the compiler's count */
    struct paged_edit *nodes;
    struct compiled_node *changed;
    size_t changed_count, changed_room;
    struct table *zones; /* name → struct zone_work, zone_work.c */
    const struct zone_set *zone_set;
    struct objects derived;          /* what the compiler adds to the change */
    struct text key;                 /* room to make one in (plans.c) */
    struct table *objectives_before; /* of pools, by name: struct objective (objectives.c) */
    uint32_t objectives_walk;        /* 0: nobody has one */
    struct service_moulds *moulds;   /* of the services compiled so far */
};

struct build *build_begin(struct compiler *compiler);
/** The staged items become the head, until they are accepted or not.  Frees the build. */
void build_keep(struct build *build);
/** Nothing happened.  Frees the build; not the compiled result. */
void build_reject(struct build *build);

/** True while nothing is wrong: from the first error on only more errors are looked for. */
static inline bool build_is_good(const struct build *build)
{
    return build->problems.error_count == 0;
}

/** Frees what is needed only until the dataset is made. */
void build_release_drafts(struct build *build);

/** What the object is after the change, or NULL. */
struct item *build_find(const struct build *build, enum object_kind kind, const char *name);
/** What the head has, or NULL. */
struct item *build_before(const struct build *build, enum object_kind kind, const char *name);
bool build_is_staged(const struct build *build, enum object_kind kind, const char *name);

/** Stages a version for the object: of `source` (taken over), or with NULL the absence of what the head has.
 */
struct item *build_stage(struct build *build, enum object_kind kind, const char *name, struct source *source);
/** Forgets the version of an object that the head does not have. */
void build_unstage(struct build *build, enum object_kind kind, const char *name);
/** The staged version, made from the head's text if there is none. */
struct item *build_restage(struct build *build, struct item *before);

/** Walks all objects of a kind as they are after the change; the callback may stage objects of other kinds.
 */
void build_each(struct build *build, enum object_kind kind, void (*visit)(struct item *item, void *context),
                void *context);
/** The head's objects that the change leaves alone. */
void build_each_untouched(struct build *build, enum object_kind kind,
                          void (*visit)(struct item *item, void *context), void *context);

/** Takes a number; an error on `said` when there are too many. */
bool build_take(struct build *build, struct numbers *numbers, const struct object *said, uint32_t *out);

/** Puts a node on the list for control. */
struct compiled_node *build_note_node(struct build *build, const struct node *before,
                                      const struct node *after);

/** The hostname of an endpoint in `item`, shared by all who have it, in wire form; with `id` not NULL it may
 * have to be resolved (names.c). */
const uint8_t *build_name(struct build *build, struct item *item, const struct dns_name *name, uint32_t *id);

/** An error with "did you mean" among the objects of two kinds (which may be the same). */
void build_unknown(struct build *build, const struct object *said, const char *pointer, enum object_kind kind,
                   enum object_kind other, const char *name);

/* ---- the steps, each in its own file ---- */

/** Parses staged maps, and stages policies and services that use them again (maps.c). */
void build_maps(struct build *build);
/** For policies that compile: source->context is the build. */
const struct name_map *build_map_of(const struct policy_source *source, const char *name);
/** How a map stands among an object's references; the caller frees it. */
char *build_map_reference(const char *name);

/** Parses staged locations; if they or the databases changed makes the table of both, and stages what depends
 * on it again (locations.c). */
void build_locations(struct build *build);

/** Parses all staged checks, pools and policies (drafts.c). */
void build_parse(struct build *build);
/** Names that must exist or differ, loops, depth, deletions (graph.c). */
void build_check_graph(struct build *build);
/** Sets depth and reach of the item with all that it refers to, with an error if it is too deep; after
 * build_check_graph. */
void graph_whole(struct build *build, struct item *item);
/** The pool or policy of that name in the head, or NULL; and after the change. */
struct item *node_before(const struct build *build, const char *name);
struct item *node_after(const struct build *build, const char *name);
/** Compiles the drafts (nodes.c). */
void build_nodes(struct build *build);
/** Compiles services and zones (zone_work.c). */
void build_zones(struct build *build);
void build_zones_free(struct build *build);

/** Walks a declared tree: existence of names, limits, and the facts of `source` (facts.c). */
void facts_of_pool(struct build *build, const struct object *said, const struct declared_pool *pool,
                   struct source *source);
void facts_of_policy(struct build *build, const struct object *said, const struct declared_node *node,
                     struct source *source);
void facts_of_service(struct build *build, const struct object *said, const struct declared_service *service,
                      struct source *source);

/** The block that a head's item built goes, and its uses of shared blocks. */
void build_leave(struct build *build, struct item *before);

void compiled_nodes_free(struct compiled_node *nodes, size_t count);
