/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "config/objectives.h"
#include "config/service_binding.h"
#include "config/service_mould.h"
#include "config/tree.h"
#include "config/zone_work.h"

#include "dns/type.h"

#include <string.h>

static bool parse_owner(const struct zone_work *work, const struct object *said, struct dns_name *out)
{
    const char *owner = strchr(said->name, '/');
    return owner != NULL && dns_name_parse(owner + 1, &work->apex, out) &&
           dns_name_is_within(out, &work->apex);
}

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

/* What a service answers beside addresses. */
struct own_types {
    bool addresses, https, svcb, mx, srv;
};

static struct own_types types_declared(const struct declared_service *declared)
{
    return (struct own_types){ .addresses = declared->policy.kind != TARGET_NONE,
                               .https = declared->https.priority > 0,
                               .svcb = declared->svcb.priority > 0,
                               .mx = declared->mx.step > 0,
                               .srv = declared->srv.step > 0 };
}

static struct own_types types_of(const struct service *service)
{
    return (struct own_types){ .addresses = !service->has_no_addresses,
                               .https = service->more->https != NULL,
                               .svcb = service->more->svcb != NULL,
                               .mx = service->more->mx != NULL,
                               .srv = service->more->srv != NULL };
}

/* True if records of that type would answer in the service's place. */
static bool is_taken(const struct own_types *own, uint16_t type)
{
    switch (type) {
    case DNS_A:
    case DNS_AAAA: return own->addresses;
    case DNS_CNAME: return true;
    case DNS_HTTPS: return own->https;
    case DNS_SVCB: return own->svcb;
    case DNS_MX: return own->mx;
    case DNS_SRV: return own->srv;
    default: return false;
    }
}

/* An error for records that would answer in the service's place; true if any record stands beside it. */
static bool check_beside(struct build *build, const struct zone_work *work, const struct object *said,
                         const struct dns_name *owner, const struct own_types *own)
{
    bool has_beside = false;
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_edit_next(work->edit, owner, rrset != NULL ? rrset->type : 0)) != NULL) {
        has_beside = true;
        if (!is_taken(own, rrset->type))
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
                        const struct dns_name *owner, struct own_types own)
{
    const struct object *said = item_said(item);
    const struct service *other = zone_edit_service(work->edit, owner);
    if (other != NULL && (work->is_rebuilt || other->id != item->id))
        object_problem(&build->problems, said, "", false, "there is another service \"%s\" of the same name",
                       other->name);
    bool has_beside = check_beside(build, work, said, owner, &own) || own.mx || own.srv;
    check_above(build, work, said, owner);
    return item->whole_reach == REACH_HOSTNAME && !has_beside && !dns_name_equal(owner, &work->apex);
}

/* ---- building ---- */

static size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* A binding on its way into the block. */
union binding_room {
    struct service_binding binding;
    uint8_t bytes[sizeof(struct service_binding) + SERVICE_BINDING_SIZE_MAX];
};

static const struct service_binding *write_binding(struct tree *tree, const struct declared_binding *declared)
{
    union binding_room room;
    size_t size = binding_write(declared, &room.binding);
    return size > 0 ? memcpy(tree_write_struct(tree, aligned(size)), &room, size) : NULL;
}

static void measure_binding(const struct declared_binding *declared, struct tree_size *size)
{
    union binding_room room;
    size->structs += aligned(binding_write(declared, &room.binding));
}

static void measure_names(const struct declared_names *declared, size_t prefix_size, struct tree_size *size)
{
    if (declared->step == 0)
        return;
    size->structs += sizeof(struct service_names);
    if (declared->policy.kind != TARGET_NONE)
        tree_measure_target(&declared->policy, prefix_size, size);
}

static const struct service_names *write_names(struct tree *tree, const struct declared_names *declared,
                                               const struct child *root)
{
    if (declared->step == 0)
        return NULL;
    struct service_names *names = tree_write_struct(tree, sizeof *names);
    *names =
        (struct service_names){ .first = declared->first, .step = declared->step, .port = declared->port };
    if (declared->policy.kind != TARGET_NONE)
        tree_write_root(tree, &declared->policy, &names->root);
    else
        names->root = *root;
    return names;
}

static bool has_more(const struct declared_service *declared, int64_t higher_ttl_until)
{
    return higher_ttl_until != 0 || declared->when_all_down == ALL_DOWN_TARGET || declared->failover_ms > 0 ||
           declared->https.priority > 0 || declared->svcb.priority > 0 || declared->mx.step > 0 ||
           declared->srv.step > 0;
}

static void measure_service(const struct declared_service *declared, const char *name, bool has_more_parts,
                            struct tree_size *size)
{
    size_t name_size = strlen(name);
    *size = (struct tree_size){ .structs = sizeof(struct service) };
    if (has_more_parts)
        size->structs += sizeof(struct service_more);
    tree_measure_string(name, size);
    if (declared->policy.kind != TARGET_NONE)
        tree_measure_target(&declared->policy, name_size, size);
    if (declared->when_all_down == ALL_DOWN_TARGET)
        tree_measure_target(&declared->sorry, name_size, size);
    measure_binding(&declared->https, size);
    measure_binding(&declared->svcb, size);
    measure_names(&declared->mx, name_size, size);
    measure_names(&declared->srv, name_size, size);
}

/* Trees of names, whose own hostnames nobody has to resolve. */
static void write_orders(struct tree *tree, const struct declared_service *declared, struct service *service,
                         struct service_more *more)
{
    bool before = tree->needs_no_addresses;
    tree->needs_no_addresses = true;
    more->mx = write_names(tree, &declared->mx, &service->root);
    more->srv = write_names(tree, &declared->srv, &service->root);
    tree->needs_no_addresses = before;
    if (service->has_no_addresses)
        service->root = more->mx != NULL ? more->mx->root : more->srv->root;
}

/* Behind the tree of the addresses, which nearly every query walks. */
static void write_more(struct tree *tree, const struct declared_service *declared, int64_t higher_ttl_until,
                       struct service *service)
{
    struct service_more *more = tree_write_struct(tree, sizeof *more);
    service->more = more;
    more->higher_ttl_until_ms = higher_ttl_until;
    more->failover_ms = declared->failover_ms;
    if (declared->when_all_down == ALL_DOWN_TARGET)
        tree_write_root(tree, &declared->sorry, &more->sorry);
    more->https = write_binding(tree, &declared->https);
    more->svcb = write_binding(tree, &declared->svcb);
    write_orders(tree, declared, service, more);
}

static struct service *write_service(struct tree *tree, const struct declared_service *declared,
                                     int64_t higher_ttl_until)
{
    struct tree_size size;
    bool has_more_parts = has_more(declared, higher_ttl_until);
    measure_service(declared, tree->prefix, has_more_parts, &size);
    struct service *service = tree_begin(tree, &size, sizeof *service);
    service->id = tree->item->id;
    service->ttl_s = declared->ttl_s;
    service->min_ttl_s = declared->min_ttl_s;
    service->when_all_down = declared->when_all_down;
    service->more = &service_plain;
    service->uses_ecs = declared->uses_ecs;
    service->has_affinity = declared->has_affinity;
    service->has_no_addresses = declared->policy.kind == TARGET_NONE;
    service->name = tree_write_string(tree, tree->prefix);
    if (!service->has_no_addresses)
        tree_write_root(tree, &declared->policy, &service->root);
    if (has_more_parts)
        write_more(tree, declared, higher_ttl_until, service);
    return service;
}

static void collect_private(struct tree *tree, const struct service *service)
{
    tree_before_child(tree, &service->root);
    if (service->when_all_down == ALL_DOWN_TARGET)
        tree_before_child(tree, &service->more->sorry);
    if (service->more->mx != NULL)
        tree_before_child(tree, &service->more->mx->root);
    if (service->more->srv != NULL)
        tree_before_child(tree, &service->more->srv->root);
}

#define PUBLISHED_WITHIN_MS 5000 /* until then answers go out as before */

/* Caches keep what was answered before the TTL was lowered: who drains an endpoint has to wait for that. */
static int64_t higher_ttl_until_ms(const struct service *before, uint32_t ttl_s)
{
    if (before == NULL || before->ttl_s <= ttl_s)
        return before != NULL ? before->more->higher_ttl_until_ms : 0;
    int64_t until_ms = clock_wall_ms() + PUBLISHED_WITHIN_MS + (int64_t)before->ttl_s * 1000;
    return until_ms > before->more->higher_ttl_until_ms ? until_ms : before->more->higher_ttl_until_ms;
}

static void build_service(struct build *build, struct zone_work *work, struct item *before, struct item *item,
                          const struct declared_service *declared, const struct dns_name *owner,
                          bool is_cname)
{
    char name[DNS_NAME_TEXT_SIZE];
    service_name(owner, name);
    struct tree tree = {
        .build = build, .item = item, .prefix = name, .is_service = true, .needs_no_addresses = is_cname
    };
    if (before != NULL)
        collect_private(&tree, before->service);
    struct service *service = write_service(
        &tree, declared, higher_ttl_until_ms(before != NULL ? before->service : NULL, declared->ttl_s));
    service->is_cname = is_cname;
    service->has_names = !is_cname && (item->whole_reach & REACH_HOSTNAME) != 0;
    build->resolving_change += service->has_names - (before != NULL && before->service->has_names);
    build->objective_change +=
        (service->more->failover_ms > 0) - (before != NULL && before->service->more->failover_ms > 0);
    item->service = service;
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
    bool is_named = parse_owner(work, said, &owner);
    struct declared_service *declared =
        service_moulds_take(build->moulds, said, item->source->object.packed, is_named, &build->problems);
    if (declared != NULL && !item->source->has_facts)
        facts_of_service(build, said, declared, item->source);
    if (declared != NULL && (is_named || service_owner(build, work, said, &owner))) {
        graph_whole(build, item);
        objective_apply(build, item, declared);
        if (number_service(build, item, before)) {
            bool is_cname = check_place(build, work, item, &owner, types_declared(declared));
            if (build_is_good(build))
                build_service(build, work, before, item, declared, &owner, is_cname);
        }
    }
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
    bool is_cname = check_place(build, work, after, &owner, types_of(after->service));
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
    build->objective_change -= before->service->more->failover_ms > 0;
    numbers_drop(&build->compiler->service_ids, before->id);
    if (work->edit != NULL && !work->is_rebuilt &&
        service_owner(build, work, &before->source->object, &owner))
        zone_edit_set_service(work->edit, &owner, NULL);
}
