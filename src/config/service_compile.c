/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "config/objectives.h"
#include "config/service_https.h"
#include "config/service_loop.h"
#include "config/tree.h"
#include "config/zone_work.h"

#include "dns/type.h"

#include <string.h>

bool service_owner(struct build *build, const struct zone_work *work, const struct object *said,
                   struct dns_name *out)
{
    const char *owner = strchr(said->name, '/');
    if (owner == NULL || !dns_name_parse(owner + 1, &work->apex, out))
        object_problem(&build->problems, said, "", false, "\"%s\" is not the name of a service",
                       owner != NULL ? owner + 1 : said->name);
    else if (!dns_name_is_within(out, &work->apex))
        object_problem(&build->problems, said, "", false,
                       "\"%s\" is not in this zone: leave out the final dot to make it relative", owner + 1);
    else
        return true;
    return false;
}

/* "www.example.com" */
static void service_name(const struct dns_name *owner, char out[DNS_NAME_TEXT_SIZE])
{
    dns_name_format(owner, out);
    size_t size = strlen(out);
    if (size > 1)
        out[size - 1] = '\0';
}

/* ---- what stands at and above the owner ---- */

/* An error for records that would answer in the service's place; true if any record stands beside it. */
static bool check_beside(struct build *build, const struct zone_work *work, const struct object *said,
                         const struct dns_name *owner, bool has_https)
{
    bool has_beside = false;
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_edit_next(work->edit, owner, rrset != NULL ? rrset->type : 0)) != NULL) {
        has_beside = true;
        if (rrset->type != DNS_A && rrset->type != DNS_AAAA && rrset->type != DNS_CNAME &&
            !(has_https && rrset->type == DNS_HTTPS))
            continue;
        char type[16];
        dns_type_format(rrset->type, type);
        object_problem(&build->problems, said, "", false,
                       "the zone has %s records of the same name: remove either them or the service", type);
    }
    return has_beside;
}

static void check_above(struct build *build, const struct zone_work *work, const struct object *said,
                        const struct dns_name *owner)
{
    struct dns_name at = *owner;
    for (bool is_owner = true;; is_owner = false) {
        bool is_apex = at.label_count <= work->apex.label_count;
        const char *what = NULL;
        if (!is_apex && zone_edit_find(work->edit, &at, DNS_NS) != NULL)
            what = is_owner ? "at" : "below";
        if (what == NULL && !is_owner && zone_edit_find(work->edit, &at, DNS_DNAME) != NULL)
            what = "below";
        if (what != NULL) {
            char text[DNS_NAME_TEXT_SIZE];
            dns_name_format(&at, text);
            object_problem(&build->problems, said, "", true,
                           "is never answered: it stands %s %s, which is delegated or redirected", what,
                           text);
            return;
        }
        if (is_apex)
            return;
        struct dns_name parent;
        dns_name_strip(&at, 1, &parent);
        at = parent;
    }
}

/* True if the name may be answered with a CNAME, and all that the service reaches are hostnames. */
static bool check_place(struct build *build, const struct zone_work *work, const struct item *item,
                        const struct dns_name *owner, bool has_https)
{
    const struct object *said = item_said(item);
    const struct service *other = zone_edit_service(work->edit, owner);
    if (other != NULL && (work->is_rebuilt || other->id != item->id))
        object_problem(&build->problems, said, "", false, "there is another service \"%s\" of the same name",
                       other->name);
    bool has_beside = check_beside(build, work, said, owner, has_https);
    check_above(build, work, said, owner);
    return item->whole_reach == REACH_HOSTNAME && !has_beside && !dns_name_equal(owner, &work->apex);
}

/* ---- building ---- */

static struct service *write_service(struct tree *tree, const struct declared_service *declared)
{
    bool has_sorry = declared->when_all_down == ALL_DOWN_TARGET;
    size_t prefix_size = strlen(tree->prefix);
    uint8_t https[SERVICE_HTTPS_SIZE_MAX];
    uint16_t https_size = service_https_write(declared, https);
    struct tree_size size = { .structs = sizeof(struct service), .strings = https_size };
    tree_measure_string(tree->prefix, &size);
    tree_measure_target(&declared->policy, prefix_size, &size);
    if (has_sorry)
        tree_measure_target(&declared->sorry, prefix_size, &size);
    struct service *service = tree_begin(tree, &size, sizeof *service);
    service->id = tree->item->id;
    service->ttl_s = declared->ttl_s;
    service->min_ttl_s = declared->min_ttl_s;
    service->when_all_down = declared->when_all_down;
    service->failover_ms = declared->failover_ms;
    service->uses_ecs = declared->uses_ecs;
    service->has_affinity = declared->has_affinity;
    service->https_size = https_size;
    if (https_size > 0)
        service->https = tree_write_bytes(tree, https, https_size);
    service->name = tree_write_string(tree, tree->prefix);
    tree_write_root(tree, &declared->policy, &service->root);
    if (has_sorry)
        tree_write_root(tree, &declared->sorry, &service->sorry);
    return service;
}

static void collect_private(struct tree *tree, const struct service *service)
{
    tree_before_child(tree, &service->root);
    if (service->when_all_down == ALL_DOWN_TARGET)
        tree_before_child(tree, &service->sorry);
}

#define PUBLISHED_WITHIN_MS 5000 /* until then answers go out as before */

/* Caches keep what was answered before the TTL was lowered: who drains an endpoint has to wait for that. */
static int64_t higher_ttl_until_ms(const struct service *before, uint32_t ttl_s)
{
    if (before == NULL || before->ttl_s <= ttl_s)
        return before != NULL ? before->higher_ttl_until_ms : 0;
    int64_t until_ms = clock_wall_ms() + PUBLISHED_WITHIN_MS + (int64_t)before->ttl_s * 1000;
    return until_ms > before->higher_ttl_until_ms ? until_ms : before->higher_ttl_until_ms;
}

static void build_service(struct build *build, struct zone_work *work, struct item *before, struct item *item,
                          const struct declared_service *declared, const struct dns_name *owner,
                          bool is_cname)
{
    char name[DNS_NAME_TEXT_SIZE];
    service_name(owner, name);
    struct tree tree = {
        .build = build, .item = item, .prefix = name, .is_service = true, .is_cname = is_cname
    };
    if (before != NULL)
        collect_private(&tree, before->service);
    struct service *service = write_service(&tree, declared);
    service->is_cname = is_cname;
    service->higher_ttl_until_ms =
        higher_ttl_until_ms(before != NULL ? before->service : NULL, service->ttl_s);
    service->has_names = !is_cname && (item->whole_reach & REACH_HOSTNAME) != 0;
    build->resolving_change += service->has_names - (before != NULL && before->service->has_names);
    build->objective_change +=
        (service->failover_ms > 0) - (before != NULL && before->service->failover_ms > 0);
    item->service = service;
    if (service->has_names)
        service_check_loops(build, item, owner);
    tree_before_end(&tree);
    if (before != NULL)
        build_leave(build, before);
    zone_edit_set_service(work->edit, owner, service);
}

/* A version keeps the number of the one before. */
static bool number_service(struct build *build, struct item *item, const struct item *before)
{
    if (before != NULL)
        item->id = before->id;
    else if (!build_take(build, &build->compiler->service_ids, item_said(item), &item->id))
        return false;
    return true;
}

static void compile_version(struct build *build, struct zone_work *work, struct item *before,
                            struct item *item)
{
    const struct object *said = item_said(item);
    struct dns_name owner;
    struct declared_service *declared = declared_service_parse(said, &build->problems);
    if (declared != NULL && !item->source->has_facts)
        facts_of_service(build, said, declared, item->source);
    if (declared != NULL && service_owner(build, work, said, &owner)) {
        graph_whole(build, item);
        objective_apply(build, item, declared);
        if (number_service(build, item, before)) {
            bool is_cname = check_place(build, work, item, &owner, declared->https_priority > 0);
            if (build_is_good(build))
                build_service(build, work, before, item, declared, &owner, is_cname);
        }
    }
    declared_service_free(declared);
}

void service_compile(struct build *build, struct zone_work *work, struct zone_service *service)
{
    struct item *before = service->before, *after = service->after;
    if (after != before) {
        compile_version(build, work, before, after);
        return;
    }
    struct dns_name owner;
    if (!service_owner(build, work, item_said(after), &owner))
        return;
    bool is_cname = check_place(build, work, after, &owner, after->service->https != NULL);
    if (!build_is_good(build))
        return;
    if (is_cname == after->service->is_cname) {
        zone_edit_set_service(work->edit, &owner, after->service);
        return;
    }
    service->after = build_restage(build, before);
    compile_version(build, work, before, service->after);
}

void service_remove(struct build *build, struct zone_work *work, struct item *before)
{
    struct tree tree = { .build = build, .item = before, .is_service = true };
    struct dns_name owner;
    collect_private(&tree, before->service);
    tree_before_end(&tree);
    build_leave(build, before);
    build->resolving_change -= before->service->has_names;
    build->objective_change -= before->service->failover_ms > 0;
    numbers_drop(&build->compiler->service_ids, before->id);
    if (work->edit != NULL && !work->is_rebuilt &&
        service_owner(build, work, &before->source->object, &owner))
        zone_edit_set_service(work->edit, &owner, NULL);
}
