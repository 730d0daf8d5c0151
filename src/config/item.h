/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/intern.h"
#include "config/model.h"
#include "dns/rrset.h"

/* What an object says of others, beside its text: facts that follow from the text alone. */
enum { REACH_ADDRESS = 1, REACH_HOSTNAME = 2 }; /* bits: kinds of endpoints in an object's own tree */

/* A name that an object uses: of a pool its checks, of policies and services their targets. Each once. */
struct reference {
    const char *name;
    uint8_t depth;     /* nodes of the object above it, the deepest place counts */
    bool is_for_names; /* of a service: its addresses are not answered, only its names */
};

/* A declared object with its facts; immutable, shared by the versions of its item. */
struct source {
    uint32_t users;
    uint8_t reach;
    uint8_t depth;        /* nodes on its longest path, not counting those it refers to */
    bool owns_text;       /* it stands in a block of its own */
    bool has_facts;       /* the facts here are known: the text was parsed before */
    bool has_plan;        /* a node of it compiles tables that depend on the locations database */
    uint32_t failover_ms; /* service: its objective; 0: none */
    int32_t ttl_s;        /* service: what it says; -1: nothing */
    uint32_t zone_size;   /* service: length of the zone's name in front of "/owner" */
    struct object object; /* name, pointer and a text that is packed or copied stand behind it in the block */
    size_t reference_count;
    union {                           /* one block each; NULL if there is none */
        struct reference *references; /* with the names */
        struct shrunk_text *shrunk;   /* zone data, which refers to nothing: see source_close */
    };
};

/*
 * One object of the head, compiled.  A change makes a new item; the old one goes when the change is accepted.
 * What it built belongs to the editions of the dataset, but a check, which is counted, a seed, a map and
 * locations.
 */
struct item {
    struct source *source;
    union {
        struct check *check;
        struct name_map *map;
        struct declared_locations *locations;
        const struct node *node;
        const struct zone *zone;
        const struct service *service;
        struct dns_rrset *seed; /* RRset: what the zone's file and lines say there, or NULL; the item's own */
        const void *built;
    };
    struct interned **uses; /* plans and states that the built block points at */
    uint32_t use_count;
    uint32_t id;                      /* pool, policy: index in dataset.nodes; service: service.id */
    uint32_t slot;                    /* pool, policy: in conditions.nodes */
    uint8_t whole_depth, whole_reach; /* with all that it refers to */
    bool is_deleted;                  /* in a change under way */
    /* scratch of one change */
    uint8_t colour;
    const struct object *said; /* what messages point at; NULL: the source's object */
    void *draft;               /* what is being compiled of it */
    int64_t budget_ms;         /* what the walk of objectives.c leaves to the checks, */
    uint32_t failover_ms;      /* and what for, */
    uint32_t ttl_s;            /* by a service with that TTL */
    uint32_t walk;             /* the walk that came here last */
    uint32_t visit;            /* number of the change that visited it */
};

/** The text is packed; one that is alone of its form, or no JSON, is taken over if the object owns it, which
 * then borrows it. */
struct source *source_new(struct forms *forms, struct object *object);
struct source *source_use(struct source *source);
void source_drop(struct source *source);

/**
 * A large zone's text is as large as what is served of it, and seldom looked at: between changes it lies
 * compressed, a seventh of its size.  Whoever reads the text of zone data opens it first.
 */
void source_open(struct source *source);
/** Nobody reads it any more for now.  A small text stays, and any that is not the source's own. */
void source_close(struct source *source);

static inline const struct object *item_said(const struct item *item)
{
    return item->said != NULL ? item->said : &item->source->object;
}

struct item *item_new(struct source *source); /* takes the source over */
/** Frees the item, not what it built (but drops its check). NULL is a no-op. */
void item_free(struct item *item);
void item_add_use(struct item *item, struct interned *interned);

/** Collects names for source.references: zero-initialised is empty. */
struct reference_list {
    struct table *index; /* name → position + 1 */
    struct reference *items;
    size_t count, room, name_bytes;
};
void reference_list_add(struct reference_list *list, const char *name, unsigned depth);
/** The same for a target that only its names are answered of. */
void reference_list_add_names(struct reference_list *list, const char *name, unsigned depth);
/** Moves the list into the source and frees it. */
void reference_list_store(struct reference_list *list, struct source *source);
