/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/objectives.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/failover.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* Derived times are rounded: what a tighter objective of another service makes of a pool may take that
     * much longer than this one's own would. */
    ROUNDING_MS = 40,
};

/* One way through the graph, before the change or after it.  Items bear the number of who came there last. */
struct walk {
    struct build *build;
    bool is_before;
    uint32_t number;
};

static struct walk walk_begin(struct build *build, bool is_before)
{
    return (struct walk){ build, is_before, ++build->compiler->walk_count };
}

static struct item *walk_node(const struct walk *walk, const char *name)
{
    return walk->is_before ? node_before(walk->build, name) : node_after(walk->build, name);
}

static struct item *walk_check(const struct walk *walk, const char *name)
{
    return walk->is_before ? build_before(walk->build, OBJECT_CHECK, name)
                           : build_find(walk->build, OBJECT_CHECK, name);
}

static bool change_may_matter(const struct build *build)
{
    return table_count(build->staged[OBJECT_CHECK]) + table_count(build->staged[OBJECT_POOL]) +
               table_count(build->staged[OBJECT_POLICY]) >
           0;
}

/* ---- one service ---- */

/* What its objective asks of the checks that it reaches. */
struct judgement {
    int64_t budget_ms;
    uint64_t detection_ms; /* of the slowest */
    size_t check_count;
    const struct item *culprit; /* cannot keep the budget: `pace` is its fastest */
    struct failover_pace pace;
};

static void judge_check(const struct item *item, struct judgement *judgement)
{
    struct failover_pace pace;
    judgement->check_count++;
    bool is_kept = failover_derive(item->check, judgement->budget_ms, &pace);
    uint64_t detection_ms = failover_detection_ms(&pace);
    if (detection_ms > judgement->detection_ms)
        judgement->detection_ms = detection_ms;
    if (is_kept || (judgement->culprit != NULL && failover_detection_ms(&judgement->pace) >= detection_ms))
        return;
    judgement->culprit = item;
    judgement->pace = pace;
}

static void judge_checks(const struct walk *walk, const char *name, struct judgement *judgement)
{
    struct item *item = walk_check(walk, name);
    if (item == NULL || item->check == NULL || item->walk == walk->number)
        return;
    item->walk = walk->number;
    judge_check(item, judgement);
    for (size_t i = 0; i < item->check->input_count; i++) /* they are measured as well */
        judge_checks(walk, check_input_name(item->check->inputs[i]), judgement);
}

static void judge_below(const struct walk *walk, const struct source *source, struct judgement *judgement)
{
    for (size_t i = 0; i < source->reference_count; i++) {
        const char *name = source->references[i].name;
        if (source->object.kind == OBJECT_POOL) {
            judge_checks(walk, name, judgement);
            continue;
        }
        struct item *node = walk_node(walk, name);
        if (node == NULL || node->walk == walk->number)
            continue;
        node->walk = walk->number;
        judge_below(walk, node->source, judgement);
    }
}

/* Half of the objective goes to the TTL; where checks say too much themselves, it gives way. */
static struct judgement judge(struct build *build, const struct source *source, bool is_before)
{
    struct judgement judgement = { .budget_ms = failover_budget_ms(source->failover_ms, source->ttl_s) };
    struct walk walk = walk_begin(build, is_before);
    judge_below(&walk, source, &judgement);
    if (judgement.culprit == NULL)
        return judgement;
    judgement =
        (struct judgement){ .budget_ms = failover_budget_most_ms(source->failover_ms, source->ttl_s) };
    walk = walk_begin(build, is_before);
    judge_below(&walk, source, &judgement);
    return judgement;
}

static uint32_t ttl_of(const struct source *source, const struct judgement *judgement)
{
    if (source->ttl_s >= 0)
        return (uint32_t)source->ttl_s;
    uint64_t detection_ms = judgement->detection_ms + ROUNDING_MS;
    if ((int64_t)detection_ms > judgement->budget_ms)
        detection_ms = (uint64_t)judgement->budget_ms;
    return failover_ttl_s(source->failover_ms, detection_ms);
}

static void refuse(struct build *build, const struct item *service, const struct judgement *judgement)
{
    const struct source *source = service->source;
    const struct failover_pace *pace = &judgement->pace;
    const struct object *check = item_said(judgement->culprit);
    uint64_t ttl_ms = (source->ttl_s < 0 ? FAILOVER_TTL_LEAST_S : (uint64_t)source->ttl_s) * 1000;
    char place[300] = "";
    if (check->file != NULL && check->line != 0)
        snprintf(place, sizeof place, " (%s:%u:%u)", check->file, check->line, check->column);
    object_problem(
        &build->problems, item_said(service), "/failover", false,
        "cannot be kept: at the least %gs (ttl) + %u × %gs (interval) + %s%gs (timeout) + %gs = %gs "
        "by check \"%s\"%s, got %gs: let it be longer, or say less of ttl, interval, timeout, fall "
        "and confirm",
        (double)ttl_ms / 1000, pace->fall, pace->interval_ms / 1000.0, pace->confirm ? "2 × " : "",
        pace->timeout_ms / 1000.0, FAILOVER_SLACK_MS / 1000.0,
        (double)(ttl_ms + failover_detection_ms(pace)) / 1000, judgement->culprit->check->name, place,
        source->failover_ms / 1000.0);
}

void objective_apply(struct build *build, struct item *item, struct declared_service *declared)
{
    if (declared->failover_ms == 0)
        return;
    struct judgement judgement = judge(build, item->source, false);
    if (judgement.culprit != NULL) {
        refuse(build, item, &judgement);
        return;
    }
    if (judgement.check_count == 0) {
        object_problem(&build->problems, item_said(item), "/failover", false,
                       "cannot be kept: no pool that the service reaches has a check, so nothing notices a "
                       "death");
        return;
    }
    declared->ttl_s = ttl_of(item->source, &judgement);
    if (!declared->says_min_ttl)
        declared->min_ttl_s = declared->ttl_s / 2;
    else if (declared->min_ttl_s > declared->ttl_s)
        declared->min_ttl_s = declared->ttl_s;
}

static void restage_if_moved(struct item *item, void *context)
{
    struct build *build = context;
    if (item->source->failover_ms == 0)
        return;
    struct judgement judgement = judge(build, item->source, false);
    if (judgement.culprit != NULL || judgement.check_count == 0 ||
        ttl_of(item->source, &judgement) != item->service->ttl_s)
        build_restage(build, item);
}

void objectives_restage(struct build *build)
{
    if (build->compiler->objective_count > 0 && change_may_matter(build))
        build_each_untouched(build, OBJECT_SERVICE, restage_if_moved, build);
}

/* ---- all services ---- */

/* The tightest wins, at each node for itself. */
static void spread_to(const struct walk *walk, struct item *item, const struct objective *wanted)
{
    bool is_first = item->walk != walk->number;
    bool is_tighter = is_first || wanted->budget_ms < item->budget_ms;
    bool is_sooner = is_first || wanted->failover_ms < item->failover_ms ||
                     (wanted->failover_ms == item->failover_ms && wanted->ttl_s > item->ttl_s);
    item->walk = walk->number;
    if (is_tighter)
        item->budget_ms = wanted->budget_ms;
    if (is_sooner) {
        item->failover_ms = wanted->failover_ms;
        item->ttl_s = wanted->ttl_s;
    }
    if ((!is_tighter && !is_sooner) || item->source->object.kind == OBJECT_POOL)
        return;
    for (size_t i = 0; i < item->source->reference_count; i++) {
        struct item *child = walk_node(walk, item->source->references[i].name);
        if (child != NULL)
            spread_to(walk, child, wanted);
    }
}

/* Judging takes walks of its own: first what each service wants, then where that leads. */
static void note_wanted(struct item *item, void *context)
{
    const struct walk *walk = context;
    if (item->source->failover_ms != 0)
        item->budget_ms = judge(walk->build, item->source, walk->is_before).budget_ms;
}

static void spread_service(struct item *item, void *context)
{
    const struct walk *walk = context;
    const struct source *source = item->source;
    if (source->failover_ms == 0)
        return;
    const struct objective wanted = { source->failover_ms, item->service->ttl_s, item->budget_ms };
    for (size_t i = 0; i < source->reference_count; i++) {
        struct item *child = walk_node(walk, source->references[i].name);
        if (child != NULL)
            spread_to(walk, child, &wanted);
    }
}

static void each_service_before(struct walk *walk, void (*visit)(struct item *, void *))
{
    const char *name;
    void *item;
    for (size_t at = 0; table_next(walk->build->compiler->items[OBJECT_SERVICE], &at, &name, &item);)
        visit(item, walk);
}

static struct objective objective_in(const struct item *pool, uint32_t walk_number)
{
    if (pool->walk != walk_number)
        return (struct objective){ 0 };
    return (struct objective){ pool->failover_ms, pool->ttl_s, pool->budget_ms };
}

static void keep_before(struct item *pool, void *context)
{
    const struct walk *walk = context;
    const struct objective wanted = objective_in(pool, walk->number);
    if (wanted.failover_ms != 0)
        table_put(walk->build->objectives_before, pool->source->object.name, xmemdup(&wanted, sizeof wanted));
}

static void spread_before(struct build *build)
{
    struct walk walk = { .build = build, .is_before = true };
    each_service_before(&walk, note_wanted);
    walk = walk_begin(build, true);
    each_service_before(&walk, spread_service);
    build_each_untouched(build, OBJECT_POOL, keep_before, &walk);
}

void objectives_spread(struct build *build)
{
    uint32_t before = build->compiler->objective_count, after = before + (uint32_t)build->objective_change;
    build->objectives_before = table_new();
    bool may_matter = change_may_matter(build) || table_count(build->staged[OBJECT_SERVICE]) > 0;
    if (before + after == 0 || !may_matter)
        return;
    if (before > 0)
        spread_before(build);
    struct walk walk = { .build = build };
    build_each(build, OBJECT_SERVICE, note_wanted, &walk);
    walk = walk_begin(build, false);
    build_each(build, OBJECT_SERVICE, spread_service, &walk);
    build->objectives_walk = walk.number;
}

struct objective objective_of(const struct build *build, const struct item *pool)
{
    if (build->objectives_walk == 0)
        return (struct objective){ 0 };
    return objective_in(pool, build->objectives_walk);
}

bool objective_has_moved(const struct build *build, const struct item *pool)
{
    if (build->objectives_walk == 0)
        return false;
    const struct objective *before = table_find(build->objectives_before, pool->source->object.name);
    struct objective after = objective_of(build, pool), none = { 0 };
    if (before == NULL)
        before = &none;
    return after.failover_ms != before->failover_ms || after.ttl_s != before->ttl_s ||
           after.budget_ms != before->budget_ms;
}

void objectives_free(struct build *build)
{
    const char *name;
    void *objective;
    if (build->objectives_before == NULL)
        return;
    for (size_t at = 0; table_next(build->objectives_before, &at, &name, &objective);)
        free(objective);
    table_free(build->objectives_before);
    build->objectives_before = NULL;
}
