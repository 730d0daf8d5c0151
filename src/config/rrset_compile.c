/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_work.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "config/zone_scan.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

/*
 * RRsets that lie over the zone's file and lines.  Each keeps the one that it hides, its seed, so that taking
 * it away touches one name and reads no file:
 *
 *     every one that changes:  the seed comes back  ▶  what is new is put  ▶  its owners are checked
 */

void rrset_add(struct zone_work *work, struct item *before, struct item *after, const struct object *said)
{
    if (work->rrset_count == work->rrset_room) {
        work->rrset_room = work->rrset_room == 0 ? 8 : work->rrset_room * 2;
        work->rrsets = xrealloc(work->rrsets, work->rrset_room, sizeof *work->rrsets);
    }
    work->rrsets[work->rrset_count++] = (struct zone_rrset){ .before = before, .after = after, .said = said };
}

void rrsets_free(struct zone_work *work)
{
    for (size_t i = 0; i < work->rrset_count; i++)
        declared_rrset_free(work->rrsets[i].declared);
    free(work->rrsets);
}

/* ---- what was below ---- */

static struct dns_rrset *copy_of(const struct dns_rrset *rrset)
{
    return rrset != NULL ? xmemdup(rrset, sizeof *rrset + rrset->size) : NULL;
}

/* The edit holds the seed where nothing lay over it, or where the zone is read again. */
static void uncover(struct zone_work *work, struct zone_rrset *rrset)
{
    bool is_covered = rrset->before != NULL && !work->is_rebuilt;
    const struct dns_rrset *seed =
        is_covered ? rrset->before->seed : zone_edit_find(work->edit, &rrset->owner, rrset->type);
    if (rrset->after != NULL) {
        free(rrset->after->seed);
        rrset->after->seed = copy_of(seed);
        zone_edit_remove(work->edit, &rrset->owner, rrset->type);
    } else if (is_covered && seed != NULL) {
        zone_edit_put(work->edit, &rrset->owner, seed);
    } else if (is_covered) {
        zone_edit_remove(work->edit, &rrset->owner, rrset->type);
    }
}

/* ---- what lies over it ---- */

/* One line a value.  The type is written as a number: the scanner knows not all mnemonics. */
static size_t put_lines(const struct zone_rrset *rrset, struct text *lines, struct record_place *places)
{
    char owner[DNS_NAME_TEXT_SIZE];
    dns_name_format(&rrset->owner, owner);
    for (size_t i = 0; i < rrset->declared->value_count; i++) {
        text_printf(lines, "%s %u IN TYPE%u %s\n", owner, rrset->declared->ttl_s, rrset->type,
                    rrset->declared->values[i]);
        places[i] = (struct record_place){ rrset->said, "values", (unsigned)i };
    }
    return rrset->declared->value_count;
}

static void read_values(struct zone_work *work)
{
    struct text lines = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < work->rrset_count; i++)
        count += work->rrsets[i].declared != NULL ? work->rrsets[i].declared->value_count : 0;
    if (count == 0)
        return;
    struct record_place *places = xcalloc(count, sizeof *places);
    count = 0;
    for (size_t i = 0; i < work->rrset_count; i++) {
        if (work->rrsets[i].declared != NULL)
            count += put_lines(&work->rrsets[i], &lines, places + count);
    }
    uint32_t origin = zone_records_lines(work->overlay, places, count);
    zone_scan_text(work->overlay, &work->apex, lines.bytes, lines.size, origin);
    uint64_t odd;
    if (zone_records_are_good(work->overlay) && !zone_records_are_lines(work->overlay, origin, count, &odd))
        zone_records_problem(work->overlay, origin, odd, false, "must be the data of one record, complete");
    text_free(&lines);
}

/* ---- what stands there now ---- */

/* A service answers these types itself. */
static bool is_steered(uint16_t type)
{
    return type == DNS_A || type == DNS_AAAA || type == DNS_CNAME;
}

static struct item *find_service(struct build *build, const struct zone_work *work,
                                 const struct service *service);

/* A service of the same name: is it in the way, and may it still be answered with a CNAME? */
static void check_service(struct build *build, struct zone_work *work, const struct zone_rrset *rrset)
{
    const struct service *service = zone_edit_service(work->edit, &rrset->owner);
    struct item *item = service != NULL ? find_service(build, work, service) : NULL;
    if (item == NULL)
        return; /* none, or it is compiled with this change anyway */
    bool has_records = rrset->declared != NULL && rrset->declared->value_count > 0;
    if (has_records && is_steered(rrset->type))
        object_problem(&build->problems, rrset->said, "", false,
                       "the service \"%s\" answers here: remove it first, or change the service",
                       service->name);
    else
        zone_work_add_service(work, item, item);
}

struct service_search {
    const struct service *service;
    struct item *found;
};

static void compare_service(struct item *item, void *context)
{
    struct service_search *search = context;
    if (item->service == search->service)
        search->found = item;
}

/* The item of a service that this change leaves alone, else NULL. */
static struct item *find_service(struct build *build, const struct zone_work *work,
                                 const struct service *service)
{
    for (size_t i = 0; i < work->service_count; i++) {
        const struct item *before = work->services[i].before;
        if (before != NULL && before->service == service)
            return NULL;
    }
    struct service_search search = { .service = service };
    build_each_untouched(build, OBJECT_SERVICE, compare_service, &search);
    return search.found;
}

static void check_apex(struct build *build, const struct zone_work *work, const struct zone_rrset *rrset)
{
    const char *name = work->after->source->object.name;
    if (!dns_name_equal(&rrset->owner, &work->apex) || zone_edit_find(work->edit, &work->apex, rrset->type))
        return;
    if (rrset->type == DNS_SOA)
        object_problem(&build->problems, rrset->said, "", false,
                       "a zone needs its SOA: give it other data instead of removing it");
    else if (rrset->type == DNS_NS)
        object_problem(&build->problems, rrset->said, "", build_find(build, OBJECT_ZONE_DATA, name) == NULL,
                       "a zone needs name servers at its apex: give other data instead of removing them");
}

/* An owner of which something was only taken away. */
static void check_emptied(struct zone_work *work, const struct zone_rrset *rrset)
{
    if (rrset->declared != NULL && rrset->declared->value_count > 0)
        return;
    struct record_place *place = xcalloc(1, sizeof *place);
    *place = (struct record_place){ rrset->said, "values", 0 };
    zone_records_check_owner(work->overlay, &rrset->owner, zone_records_lines(work->overlay, place, 1));
}

static bool parse(struct build *build, struct zone_rrset *rrset)
{
    const struct object *object = rrset->said;
    struct dns_name apex;
    if (!object_rrset_parse(object->name, &apex, &rrset->owner, &rrset->type)) {
        object_problem(&build->problems, object, "", false,
                       "\"%s\" is no name of an RRset as \"example.com/www/A\"", object->name);
        return false;
    }
    if (rrset->after == NULL)
        return true;
    rrset->declared = declared_rrset_parse(object, &build->problems);
    return rrset->declared != NULL;
}

void rrsets_compile(struct build *build, struct zone_work *work)
{
    bool is_readable = true;
    if (work->rrset_count == 0)
        return;
    for (size_t i = 0; i < work->rrset_count; i++)
        is_readable &= parse(build, &work->rrsets[i]);
    if (!is_readable)
        return;
    work->overlay = zone_records_new(&work->apex, work->edit, &build->problems);
    for (size_t i = 0; i < work->rrset_count; i++)
        uncover(work, &work->rrsets[i]);
    read_values(work);
    zone_records_put(work->overlay);
    for (size_t i = 0; i < work->rrset_count; i++) {
        check_emptied(work, &work->rrsets[i]);
        check_apex(build, work, &work->rrsets[i]);
        check_service(build, work, &work->rrsets[i]);
    }
}
