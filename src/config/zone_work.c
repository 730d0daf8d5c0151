/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_work.h"

#include "base/memory.h"
#include "base/table.h"
#include "snapshot/zone_set.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is to be done, zone by zone ---- */

static struct zone_work *work_of(struct build *build, const char *zone)
{
    struct zone_work *work = table_find(build->zones, zone);
    if (work != NULL)
        return work;
    work = xcalloc(1, sizeof *work);
    work->before = build_before(build, OBJECT_ZONE, zone);
    work->after = build_find(build, OBJECT_ZONE, zone);
    if (work->after != NULL && work->after == work->before)
        work->after = build_restage(build, work->before);
    table_put(build->zones, zone, work);
    return work;
}

void zone_work_add_service(struct zone_work *work, struct item *before, struct item *after)
{
    if (work->service_count == work->service_room) {
        work->service_room = work->service_room == 0 ? 8 : work->service_room * 2;
        work->services = xrealloc(work->services, work->service_room, sizeof *work->services);
    }
    work->services[work->service_count++] = (struct zone_service){ before, after };
}

static char *zone_of(const char *name)
{
    return xstrndup(name, strcspn(name, "/"));
}

static void collect_zone(struct build *build, const char *name)
{
    struct zone_work *work = work_of(build, name);
    work->is_declared = true;
    if (work->after != NULL && (work->before == NULL || zone_is_reseeded(work->before, work->after)))
        work->is_rebuilt = true;
}

static void collect_zones(struct build *build)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[OBJECT_ZONE], &at, &name, &value);)
        collect_zone(build, name);
    for (size_t at = 0; table_next(build->staged[OBJECT_ZONE_DATA], &at, &name, &value);) {
        struct item *item = value;
        if (build_find(build, OBJECT_ZONE, name) != NULL)
            work_of(build, name)->is_rebuilt = true;
        else if (!item->is_deleted)
            build_unknown(build, item_said(item), "", OBJECT_ZONE, OBJECT_ZONE, name);
    }
    for (size_t at = 0; table_next(build->staged[OBJECT_SERIAL], &at, &name, &value);) {
        if (build_find(build, OBJECT_ZONE, name) != NULL) /* given back from the store */
            work_of(build, name);
    }
}

/* The zone of the service before: mostly that of the next one as well. */
struct last_zone {
    char *name;
    size_t size;
    bool is_there; /* after the change */
    struct zone_work *work;
};

static void look_up_zone(struct build *build, const char *name, struct last_zone *last)
{
    if (last->name != NULL && strncmp(name, last->name, last->size) == 0 && name[last->size] == '/')
        return;
    free(last->name);
    last->name = zone_of(name);
    last->size = strlen(last->name);
    last->is_there = build_find(build, OBJECT_ZONE, last->name) != NULL;
    last->work = NULL;
}

/* work_of may stage zones while these run: never services or RRsets. */
static void collect_services(struct build *build)
{
    const char *name;
    void *value;
    struct last_zone zone = { 0 };
    for (size_t at = 0; table_next(build->staged[OBJECT_SERVICE], &at, &name, &value);) {
        struct item *item = value;
        look_up_zone(build, name, &zone);
        if (!zone.is_there && !item->is_deleted) {
            build_unknown(build, item_said(item), "", OBJECT_ZONE, OBJECT_ZONE, zone.name);
            continue;
        }
        if (zone.work == NULL)
            zone.work = work_of(build, zone.name);
        zone_work_add_service(zone.work, build_before(build, OBJECT_SERVICE, name),
                              item->is_deleted ? NULL : item);
    }
    free(zone.name);
}

static void keep_service(struct item *item, void *context)
{
    struct build *build = context;
    char *zone = zone_of(item->source->object.name);
    struct zone_work *work = table_find(build->zones, zone);
    if (work != NULL && work->is_rebuilt && work->after != NULL)
        zone_work_add_service(work, item, item);
    free(zone);
}

static void collect_rrsets(struct build *build)
{
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->staged[OBJECT_RRSET], &at, &name, &value);) {
        struct item *item = value, *after = item->is_deleted ? NULL : item;
        char *zone = zone_of(name);
        if (build_find(build, OBJECT_ZONE, zone) != NULL)
            rrset_add(work_of(build, zone), build_before(build, OBJECT_RRSET, name), after, item_said(item));
        else if (after != NULL)
            build_unknown(build, item_said(item), "", OBJECT_ZONE, OBJECT_ZONE, zone);
        free(zone);
    }
}

/* What lies over a zone that is read again: over what, is to be seen. */
static void keep_rrset(struct item *item, void *context)
{
    struct build *build = context;
    char *zone = zone_of(item->source->object.name);
    struct zone_work *work = table_find(build->zones, zone);
    if (work != NULL && work->is_rebuilt && work->after != NULL) {
        struct item *after = build_restage(build, item);
        rrset_add(work, item, after, item_said(after));
    }
    free(zone);
}

/* ---- one zone ---- */

static bool parse_apex(struct build *build, struct zone_work *work, const char *name)
{
    const struct object *said = item_said(work->after);
    char text[DNS_NAME_TEXT_SIZE];
    if (!dns_name_parse(name, NULL, &work->apex)) {
        object_problem(&build->problems, said, "", false, "\"%s\" is not a domain name", name);
        return false;
    }
    dns_name_format(&work->apex, text);
    char *canonical = object_zone_name(text);
    bool is_canonical = strcmp(canonical, name) == 0;
    if (!is_canonical) /* two spellings of one zone would be two zones */
        object_problem(&build->problems, said, "", false, "write the zone's name as \"%s\"", canonical);
    free(canonical);
    return is_canonical;
}

static void remove_zone(struct build *build, const char *name, struct zone_work *work)
{
    for (size_t i = 0; i < work->service_count; i++) {
        if (work->services[i].after == NULL && work->services[i].before != NULL)
            service_remove(build, work, work->services[i].before);
    }
    if (work->before != NULL)
        zone_replace(&build->edition, work->before->zone);
    zone_drop_serial(build, name);
}

static void change_services(struct build *build, struct zone_work *work)
{
    for (size_t i = 0; i < work->service_count; i++) { /* first: another may come to the same owner */
        if (work->services[i].after == NULL && work->services[i].before != NULL)
            service_remove(build, work, work->services[i].before);
    }
    for (size_t i = 0; i < work->service_count; i++) {
        if (work->services[i].after != NULL)
            service_compile(build, work, &work->services[i]);
    }
}

static void check_whole(struct zone_work *work)
{
    if (work->records != NULL)
        zone_records_check_whole(work->records, work->overlay);
    if (work->overlay != NULL)
        zone_records_check_whole(work->overlay, NULL);
}

/* Before the zone is built: both at once would need the most memory. */
static void free_records(struct zone_work *work)
{
    zone_records_free(work->records);
    zone_records_free(work->overlay);
    work->records = work->overlay = NULL;
}

static void end_edit(struct build *build, struct zone_work *work)
{
    if (!build_is_good(build)) {
        zone_edit_abandon(work->edit);
        work->edit = NULL;
        return;
    }
    work->after->zone = zone_edit_end(work->edit);
    work->edit = NULL;
    if (work->is_rebuilt && work->before != NULL)
        zone_replace(&build->edition, work->before->zone);
}

static void compile_zone(struct build *build, const char *name, struct zone_work *work)
{
    if (work->after == NULL) {
        remove_zone(build, name, work);
        return;
    }
    if (!parse_apex(build, work, name))
        return;
    const struct zone *base = work->is_rebuilt ? NULL : work->before->zone;
    work->edit = zone_edit_begin(&work->apex, base, &build->edition);
    if (work->is_declared || work->is_rebuilt)
        zone_compile(build, work);
    rrsets_compile(build, work);
    change_services(build, work);
    if (build_is_good(build)) {
        zone_settle_serial(build, name, work);
        check_whole(work);
    }
    free_records(work);
    end_edit(build, work);
}

/* ---- all zones ---- */

struct zone_list {
    const struct zone **items;
    size_t count;
};

static void list_zone(struct item *item, void *context)
{
    struct zone_list *list = context;
    if ((list->count & (list->count - 1)) == 0)
        list->items = xrealloc(list->items, list->count == 0 ? 1 : list->count * 2, sizeof *list->items);
    list->items[list->count++] = item->zone;
}

static void make_set(struct build *build)
{
    const struct zone_set *before = build->compiler->dataset->zones;
    build->zone_set = before;
    if (before != NULL && table_count(build->zones) == 0)
        return;
    struct zone_list list = { 0 };
    build_each(build, OBJECT_ZONE, list_zone, &list);
    build->zone_set = edition_made(&build->edition, zone_set_new(list.items, list.count), NULL);
    edition_replaced(&build->edition, before, NULL);
    free(list.items);
}

void build_zones(struct build *build)
{
    build->zones = table_new();
    collect_zones(build);
    bool rebuilds = table_count(build->zones) > 0;
    collect_services(build);
    collect_rrsets(build);
    if (rebuilds) {
        build_each_untouched(build, OBJECT_SERVICE, keep_service, build);
        build_each_untouched(build, OBJECT_RRSET, keep_rrset, build);
    }
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->zones, &at, &name, &value);)
        compile_zone(build, name, value);
    if (build_is_good(build))
        make_set(build);
}

void build_zones_free(struct build *build)
{
    if (build->zones == NULL)
        return;
    const char *name;
    void *value;
    for (size_t at = 0; table_next(build->zones, &at, &name, &value);) {
        struct zone_work *work = value;
        free(work->services);
        rrsets_free(work);
        free(work);
    }
    table_free(build->zones);
    build->zones = NULL;
}
