/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/check_inputs.h"

static void parse_check(struct build *build, struct item *item, const struct object *said)
{
    item->check = check_parse(said, &build->problems);
}

static void add_draft(struct build *build, struct item *item, const struct object *said)
{
    struct draft *draft = xcalloc(1, sizeof *draft);
    *draft = (struct draft){ .item = item, .said = said };
    item->draft = draft;
    if (build->draft_count == build->draft_room) {
        build->draft_room = build->draft_room == 0 ? 16 : build->draft_room * 2;
        build->drafts = xrealloc(build->drafts, build->draft_room, sizeof(struct draft *));
    }
    build->drafts[build->draft_count++] = draft;
    if (said->kind == OBJECT_POOL) {
        draft->pool = declared_pool_parse(said, &build->problems);
        if (draft->pool != NULL && !item->source->has_facts)
            facts_of_pool(build, said, draft->pool, item->source);
    } else {
        draft->policy = declared_policy_parse(said, &build->problems);
        if (draft->policy != NULL && !item->source->has_facts)
            facts_of_policy(build, said, draft->policy, item->source);
    }
}

static void parse_staged(struct build *build, enum object_kind kind,
                         void (*parse)(struct build *, struct item *, const struct object *))
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[kind], &at, &name, &value);) {
        struct item *item = value;
        if (!item->is_deleted)
            parse(build, item, item_said(item));
    }
}

void build_parse(struct build *build)
{
    build_maps(build);
    build_locations(build);
    parse_staged(build, OBJECT_CHECK, parse_check);
    build_check_inputs(build);
    parse_staged(build, OBJECT_POOL, add_draft);
    parse_staged(build, OBJECT_POLICY, add_draft);
}
