/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiler.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/bindings.h"
#include "config/build.h"
#include "config/objectives.h"
#include "config/service_loop.h"
#include "snapshot/zone_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX (UINT32_C(1) << 24) /* service.id in tickets */
#define SLOTS_MAX    (UINT32_MAX - 1)

struct compiler *compiler_new(void)
{
    struct compiler *compiler = xcalloc(1, sizeof *compiler);
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        compiler->items[kind] = table_new_borrowing();
    struct dataset *dataset = xcalloc(1, sizeof *dataset);
    dataset->zones = zone_set_new(NULL, 0);
    compiler->dataset = dataset;
    numbers_init(&compiler->endpoint_slots, SLOTS_MAX);
    numbers_init(&compiler->node_slots, SLOTS_MAX);
    numbers_init(&compiler->node_ids, PRIVATE_NODE_ID_FIRST);
    numbers_init(&compiler->service_ids, SERVICES_MAX);
    numbers_init(&compiler->name_ids, SLOTS_MAX);
    compiler->intern = intern_new();
    compiler->forms = forms_new();
    return compiler;
}

/* ---- the end ---- */

static void free_built(struct item *item)
{
    switch (item->source->object.kind) {
    case OBJECT_ZONE:
        prefix_map_free((void *)(uintptr_t)zone_allowed(item->zone));
        zone_free((void *)(uintptr_t)item->built);
        break;
    case OBJECT_POOL:
    case OBJECT_POLICY:
    case OBJECT_SERVICE: block_free((void *)(uintptr_t)item->built); break;
    default: break; /* checks go with their items, zone data builds nothing of its own */
    }
}

static void free_items(struct compiler *compiler)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        const char *name;
        void *value;
        for (size_t at = 0; table_next(compiler->items[kind], &at, &name, &value);) {
            free_built(value);
            item_free(value);
        }
        table_free(compiler->items[kind]);
    }
}

void compiler_free(struct compiler *compiler)
{
    if (compiler == NULL)
        return;
    assert(compiler->build == NULL && !compiler->kept.is_open); /* they belong to accept or reject */
    free_items(compiler);
    intern_free(compiler->intern);
    forms_free(compiler->forms);
    struct dataset *dataset = (struct dataset *)(uintptr_t)compiler->dataset;
    paged_free(&dataset->nodes);
    free((void *)(uintptr_t)dataset->zones);
    if (dataset->geo != compiler->databases)
        geo_free((void *)(uintptr_t)dataset->geo);
    geo_free((void *)(uintptr_t)compiler->databases);
    free(dataset);
    numbers_free(&compiler->endpoint_slots);
    numbers_free(&compiler->node_slots);
    numbers_free(&compiler->node_ids);
    numbers_free(&compiler->service_ids);
    numbers_free(&compiler->name_ids);
    free(compiler);
}

/* ---- one compilation ---- */

static bool is_unchanged(const struct item *before, const struct object *change)
{
    source_open(before->source);
    return change->text != NULL && object_is_same(&before->source->object, change);
}

static void stage_change(struct build *build, struct object *change)
{
    const struct item *before = build_before(build, change->kind, change->name);
    bool was_staged = build_is_staged(build, change->kind, change->name);
    if (!was_staged && (before == NULL ? change->text == NULL : is_unchanged(before, change)))
        return;
    if (before == NULL && change->text == NULL) { /* it came and went within the change */
        build_unstage(build, change->kind, change->name);
        return;
    }
    struct source *source = change->text != NULL ? source_new(build->compiler->forms, change) : NULL;
    struct item *item = build_stage(build, change->kind, change->name, source);
    item->said = change;
    item->is_deleted = source == NULL;
}

static const struct dataset *make_dataset(struct build *build, struct paged nodes)
{
    const struct dataset *before = build->compiler->dataset;
    struct dataset *dataset = xcalloc(1, sizeof *dataset);
    *dataset = (struct dataset){
        .generation = before->generation,
        .zones = build->zone_set,
        .nodes = nodes,
        .geo = build->geo,
    };
    edition_made(&build->edition, dataset, NULL);
    edition_replaced(&build->edition, before, NULL);
    return dataset;
}

static void note_lack_of_geo(struct build *build)
{
    if (build->lacks_geo)
        problems_warn(
            &build->problems, NULL, 0, 0, "",
            "there are geo rules by location, but no database: name one in \"geoip\" of steerd.json, "
            "until then only CIDR rules and defaults choose");
}

static void reject(struct compiler *compiler, struct build *build)
{
    intern_reject(compiler->intern);
    numbers_reject(&compiler->endpoint_slots);
    numbers_reject(&compiler->node_slots);
    numbers_reject(&compiler->node_ids);
    numbers_reject(&compiler->service_ids);
    numbers_reject(&compiler->name_ids);
    build_reject(build);
    compiler->build = NULL;
}

static void move_problems(struct build *build, struct problems *to)
{
    if (to->count == 0) {
        problems_free(to);
        *to = build->problems;
        build->problems = (struct problems){ 0 };
        return;
    }
    for (size_t i = 0; i < build->problems.count; i++) {
        const struct problem *from = &build->problems.items[i];
        (from->is_warning ? problems_warn : problems_add)(to, from->file, from->line, from->column,
                                                          from->pointer, "%s", from->message);
    }
}

/* From staged objects to the next dataset. */
static bool run(struct build *build, struct problems *problems, struct compiled *out)
{
    struct compiler *compiler = build->compiler;
    build->nodes = paged_edit_begin(&compiler->dataset->nodes, &build->edition);
    build_parse(build);
    build_check_graph(build);
    if (build_is_good(build)) {
        objectives_restage(build);
        build_nodes(build);
    }
    build_zones(build);
    if (build_is_good(build))
        service_check_loops(build);
    if (build_is_good(build))
        bindings_of_build(build);
    note_lack_of_geo(build);
    struct paged nodes = paged_edit_end(build->nodes);
    build_release_drafts(build);
    if (!build_is_good(build)) {
        move_problems(build, problems);
        edition_abandon(&build->edition);
        compiled_nodes_free(build->changed, build->changed_count);
        free(build->names.items);
        reject(compiler, build);
        return false;
    }
    intern_settle(compiler->intern, &build->edition, build);
    *out = (struct compiled){
        .dataset = (struct dataset *)(uintptr_t)make_dataset(build, nodes),
        .nodes = build->changed,
        .node_count = build->changed_count,
        .names = build->names.items,
        .name_count = build->names.count,
        .wants_names = compiler->resolving_count + (uint32_t)build->resolving_change > 0,
        .warnings = build->problems,
        .derived = build->derived,
    };
    out->edition = build->edition;
    build->problems = (struct problems){ 0 };
    build->derived = (struct objects){ 0 };
    compiler->build = build;
    return true;
}

enum change_source { FROM_API, FROM_FILES, FROM_STORE };

static bool apply(struct compiler *compiler, struct object *changes, size_t count, enum change_source source,
                  struct problems *problems, struct compiled *out)
{
    assert(compiler->build == NULL);
    struct build *build = build_begin(compiler);
    build->is_import = source == FROM_FILES;
    build->is_restored = source == FROM_STORE;
    for (size_t i = 0; i < count; i++)
        stage_change(build, &changes[i]);
    return run(build, problems, out);
}

bool compiler_apply(struct compiler *compiler, struct object *changes, size_t count,
                    struct problems *problems, struct compiled *out)
{
    return apply(compiler, changes, count, FROM_API, problems, out);
}

bool compiler_restore(struct compiler *compiler, struct object *changes, size_t count,
                      struct problems *problems, struct compiled *out)
{
    return apply(compiler, changes, count, FROM_STORE, problems, out);
}

bool compiler_import(struct compiler *compiler, struct object *changes, size_t count,
                     struct problems *problems, struct compiled *out)
{
    return apply(compiler, changes, count, FROM_FILES, problems, out);
}

bool compiler_set_geo(struct compiler *compiler, struct geo *geo, struct problems *problems,
                      struct compiled *out)
{
    assert(compiler->build == NULL);
    struct build *build = build_begin(compiler);
    if (geo != NULL)
        edition_made(&build->edition, geo, geo_free);
    edition_replaced(&build->edition, compiler->databases, geo_free);
    build->databases = geo;
    return run(build, problems, out);
}

void compiled_free(struct compiled *compiled)
{
    compiled_nodes_free(compiled->nodes, compiled->node_count);
    objects_free(&compiled->derived);
    free(compiled->names);
    compiled->nodes = NULL;
    compiled->node_count = 0;
    compiled->names = NULL;
    compiled->name_count = 0;
}

void compiled_abandon(struct compiled *compiled)
{
    compiled_free(compiled);
    problems_free(&compiled->warnings);
    edition_abandon(&compiled->edition);
    *compiled = (struct compiled){ 0 };
}

void compiler_keep(struct compiler *compiler, const struct compiled *compiled)
{
    if (!compiler->kept.is_open)
        compiler->kept = (struct kept){ .is_open = true,
                                        .dataset = compiler->dataset,
                                        .databases = compiler->databases,
                                        .resolving_count = compiler->resolving_count,
                                        .objective_count = compiler->objective_count };
    intern_keep(compiler->intern);
    numbers_keep(&compiler->endpoint_slots);
    numbers_keep(&compiler->node_slots);
    numbers_keep(&compiler->node_ids);
    numbers_keep(&compiler->service_ids);
    numbers_keep(&compiler->name_ids);
    compiler->resolving_count += (uint32_t)compiler->build->resolving_change;
    compiler->objective_count += (uint32_t)compiler->build->objective_change;
    compiler->databases = compiler->build->databases;
    build_keep(compiler->build);
    compiler->build = NULL;
    compiler->dataset = compiled->dataset;
}

void compiler_accept_kept(struct compiler *compiler)
{
    assert(compiler->build == NULL);
    intern_accept(compiler->intern);
    numbers_accept(&compiler->endpoint_slots);
    numbers_accept(&compiler->node_slots);
    numbers_accept(&compiler->node_ids);
    numbers_accept(&compiler->service_ids);
    numbers_accept(&compiler->name_ids);
    kept_forget(&compiler->kept);
}

void compiler_reject_kept(struct compiler *compiler)
{
    assert(compiler->build == NULL);
    if (!compiler->kept.is_open)
        return;
    intern_restore(compiler->intern);
    numbers_restore(&compiler->endpoint_slots);
    numbers_restore(&compiler->node_slots);
    numbers_restore(&compiler->node_ids);
    numbers_restore(&compiler->service_ids);
    numbers_restore(&compiler->name_ids);
    compiler->resolving_count = compiler->kept.resolving_count;
    compiler->objective_count = compiler->kept.objective_count;
    compiler->dataset = compiler->kept.dataset;
    compiler->databases = compiler->kept.databases;
    kept_restore(&compiler->kept, compiler->items);
}

void compiler_accept(struct compiler *compiler, struct compiled *compiled)
{
    compiler_keep(compiler, compiled);
    compiler_accept_kept(compiler);
    compiled_free(compiled);
}

void compiler_reject(struct compiler *compiler, struct compiled *compiled)
{
    compiled_abandon(compiled);
    reject(compiler, compiler->build);
}

/* ---- asking ---- */

const struct dataset *compiler_dataset(const struct compiler *compiler)
{
    return compiler->dataset;
}

static const struct object *open_object(const struct item *item)
{
    source_open(item->source);
    return &item->source->object;
}

void compiler_close_texts(struct compiler *compiler)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(compiler->items[OBJECT_ZONE_DATA], &at, &name, &value);)
        source_close(((struct item *)value)->source);
}

const struct object *compiler_find(const struct compiler *compiler, enum object_kind kind, const char *name)
{
    const struct item *item = table_find(compiler->items[kind], name);
    return item != NULL ? open_object(item) : NULL;
}

const char *compiler_find_alike(const struct compiler *compiler, enum object_kind kind, const char *name)
{
    return table_find_alike(compiler->items[kind], name);
}

uint32_t compiler_pool_id(const struct compiler *compiler, const char *name)
{
    const struct item *item = table_find(compiler->items[OBJECT_POOL], name);
    return item != NULL ? item->id : SLOT_NONE;
}

size_t compiler_count(const struct compiler *compiler)
{
    size_t count = 0;
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        count += table_count(compiler->items[kind]);
    return count;
}

const struct object *compiler_find_accepted(const struct compiler *compiler, enum object_kind kind,
                                            const char *name)
{
    struct item *item;
    if (!kept_find(&compiler->kept, kind, name, &item))
        return compiler_find(compiler, kind, name);
    return item != NULL ? open_object(item) : NULL;
}

static int compare_names(const void *left, const void *right)
{
    const struct object *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static void list_object(const struct item *item, const char *prefix, struct objects *out)
{
    const struct object *object = &item->source->object;
    if (prefix != NULL && strncmp(object->name, prefix, strlen(prefix)) != 0)
        return;
    source_open(item->source);
    objects_add(out, object->kind, object->name, object->text, object->text_size)->packed = object->packed;
}

static void list_kind(const struct compiler *compiler, enum object_kind kind, bool is_accepted,
                      const char *prefix, struct objects *out)
{
    const char *name;
    void *value;
    struct item *item;
    size_t start = out->count;
    for (size_t at = 0; table_next(compiler->items[kind], &at, &name, &value);) {
        if (!is_accepted || !kept_find(&compiler->kept, kind, name, &item))
            list_object(value, prefix, out);
    }
    for (size_t at = 0; is_accepted && (item = kept_next(&compiler->kept, kind, &at)) != NULL;)
        list_object(item, prefix, out);
    if (out->count > start)
        qsort(out->items + start, out->count - start, sizeof *out->items, compare_names);
}

void compiler_list(const struct compiler *compiler, struct objects *out)
{
    *out = (struct objects){ .is_borrowed = true };
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        list_kind(compiler, (enum object_kind)kind, false, NULL, out);
}

void compiler_list_accepted(const struct compiler *compiler, struct objects *out)
{
    *out = (struct objects){ .is_borrowed = true };
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        list_kind(compiler, (enum object_kind)kind, true, NULL, out);
}

void compiler_list_kind_accepted(const struct compiler *compiler, enum object_kind kind, const char *prefix,
                                 struct objects *out)
{
    *out = (struct objects){ .is_borrowed = true };
    list_kind(compiler, kind, true, prefix, out);
}

enum rrset_source compiler_rrset(const struct compiler *compiler, const char *name)
{
    struct dns_name apex, owner;
    uint16_t type;
    if (!object_rrset_parse(name, &apex, &owner, &type))
        return RRSET_ABSENT;
    char *zone_name = xstrndup(name, strcspn(name, "/"));
    const struct item *zone = table_find(compiler->items[OBJECT_ZONE], zone_name);
    const struct item *item = table_find(compiler->items[OBJECT_RRSET], name);
    const struct zone_node *node = zone != NULL ? zone_find_exact(zone->zone, &owner) : NULL;
    free(zone_name);
    if (node == NULL || zone_node_rrset(node, type) == NULL)
        return RRSET_ABSENT;
    return item != NULL && item->seed == NULL ? RRSET_DECLARED : RRSET_SEEDED;
}
