/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/check.h"
#include "config/object.h"
#include "config/problems.h"
#include "snapshot/dataset.h"
#include "snapshot/edition.h"

/*
 * Declared objects → dataset.  The compiler owns the model of the head configuration (every object parsed,
 * who refers to whom, slots and ids by name) and makes the next dataset from the last one and the objects
 * that changed. A refused change leaves no trace.  One thread (the compiler thread) owns it.
 */
struct compiler;

struct compiler *compiler_new(void);           /* with an empty dataset */
void compiler_free(struct compiler *compiler); /* with its last dataset */

/* How it comes back: see control/ramp.h. */
struct compiled_pace {
    uint32_t ramp_ms; /* 0: at once */
    uint32_t hold_ms; /* 0: none; HOLD_MANUAL */
};

/* An endpoint of a named pool as control and checker see it. */
struct compiled_endpoint {
    const struct endpoint *endpoint; /* in the dataset */
    const char *pool;                /* names: live as long as the dataset's node */
    struct check_binding *checks;    /* what is to be measured */
    size_t check_count;
    struct compiled_pace pace;
    uint32_t failover_ms;    /* the tightest objective of the services that reach it; 0: none */
    uint32_t failover_ttl_s; /* the TTL of the service that has it */
};

/* A node that is new, replaced or gone. */
struct compiled_node {
    const struct node *before;           /* NULL: new.  Valid until the edition's grace period */
    const struct node *after;            /* NULL: gone */
    struct compiled_endpoint *endpoints; /* of `after`, if it is a pool */
    size_t endpoint_count;
};

/* A hostname that endpoints have now, or no longer. */
struct compiled_name {
    uint32_t id;         /* endpoint.name_id */
    const uint8_t *name; /* wire form, lives as long as the id; NULL: gone */
};

/* The result of one compilation, waiting to be published or abandoned. */
struct compiled {
    struct dataset *dataset;     /* next; its generation is set by the caller */
    struct edition edition;      /* what it made and what it replaces */
    struct compiled_node *nodes; /* changed nodes that have a slot, children before parents */
    size_t node_count;
    struct compiled_name *names; /* those that came and went */
    size_t name_count;
    bool wants_names; /* some service answers with the addresses of hostnames */
    struct problems warnings;
    struct objects derived; /* changes that follow from these (SOA serials): to be stored with them */
};

/**
 * Applies `changes` (text NULL deletes) to the model and compiles.  Texts that they own are
 * taken over: they are then borrowed, until accept or reject.  All errors are collected. True: `out` is to be
 * given to compiler_keep, compiler_accept or compiler_reject before the next call.  False: nothing changed.
 */
bool compiler_apply(struct compiler *compiler, struct object *changes, size_t count,
                    struct problems *problems, struct compiled *out);

/** The same for what an earlier process had accepted and stored: a circle of services, which it may not have
 * looked for, is a warning. */
bool compiler_restore(struct compiler *compiler, struct object *changes, size_t count,
                      struct problems *problems, struct compiled *out);

/** The same for what was read from the files: where a zone's file says the SOA serial, it counts. */
bool compiler_import(struct compiler *compiler, struct object *changes, size_t count,
                     struct problems *problems, struct compiled *out);

/** The change is durable: the model keeps it.  The edition is the caller's to publish, the warnings to free.
 * Frees `compiled->nodes`, `compiled->names` and what is left in `compiled->derived`. */
void compiler_accept(struct compiler *compiler, struct compiled *compiled);
/** The change is not wanted: model and dataset are what they were before it; frees what was made. */
void compiler_reject(struct compiler *compiler, struct compiled *compiled);

/*
 * Several changes that become durable together:
 *
 *     apply ▶ keep ▶ apply ▶ keep ▶ apply ▶ reject ▶ … ▶ accept_kept, or reject_kept
 *
 * Each builds on the one before; one that is rejected leaves those before it alone.
 */

/** The next change builds on this one, which is accepted or rejected with all that are kept. */
void compiler_keep(struct compiler *compiler, const struct compiled *compiled);
/** All kept changes are durable.  Each one's result is given to compiled_free, its edition is published. */
void compiler_accept_kept(struct compiler *compiler);
/** None of them could be stored: all is as it was before the first.  Each one's result is given to
 * compiled_abandon. */
void compiler_reject_kept(struct compiler *compiler);
/** Frees `nodes` and what is left in `derived`. */
void compiled_free(struct compiled *compiled);
void compiled_abandon(struct compiled *compiled);

/** Takes a new table of locations from the databases (NULL: none; taken over in any case), puts the declared
 * ones on top and recompiles what depends on it.  The same rules as compiler_apply. */
bool compiler_set_geo(struct compiler *compiler, struct geo *geo, struct problems *problems,
                      struct compiled *out);

/** Of the head, with what is kept. */
const struct dataset *compiler_dataset(const struct compiler *compiler);
/** An object of the head, with what is kept, or NULL; its text may be packed (object_text).  Borrowed until
 * the next keep or accept. */
const struct object *compiler_find(const struct compiler *compiler, enum object_kind kind, const char *name);
/** The name of another object of this kind that differs in the case of letters alone, or NULL.  Lives until
 * the next change. */
const char *compiler_find_alike(const struct compiler *compiler, enum object_kind kind, const char *name);
/** Large texts of zone data are compressed until somebody finds or lists them.  Nobody may still use one that
 * was borrowed. */
void compiler_close_texts(struct compiler *compiler);
/** Objects of the head, with what is kept. */
size_t compiler_count(const struct compiler *compiler);
/** The same as compiler_find without what is only kept: what may be shown. */
const struct object *compiler_find_accepted(const struct compiler *compiler, enum object_kind kind,
                                            const char *name);
/** Where a pool of the head, with what is kept, stands in the nodes of its datasets; SLOT_NONE: nowhere. */
uint32_t compiler_pool_id(const struct compiler *compiler, const char *name);

/* What a name and type hold, and why. */
enum rrset_source {
    RRSET_ABSENT,
    RRSET_DECLARED, /* by an object alone: without it there is none */
    RRSET_SEEDED,   /* the zone's file or lines have one, which an object may lie over */
};
enum rrset_source compiler_rrset(const struct compiler *compiler, const char *name);

/** All objects of the head (borrowed texts), sorted by kind and name; objects_free does not free borrowed
 * texts when `is_borrowed`. */
void compiler_list(const struct compiler *compiler, struct objects *out);
void compiler_list_accepted(const struct compiler *compiler, struct objects *out);
/** Of one kind, and with a `prefix` that is not NULL only those whose names begin with it. */
void compiler_list_kind_accepted(const struct compiler *compiler, enum object_kind kind, const char *prefix,
                                 struct objects *out);
