/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_work.h"

#include "base/memory.h"
#include "base/table.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

/*
 * The SOA serial.  A zone's file says it until something else than the file changes the zone: from then on
 * every generation that changes the zone's records serves the next number, which is stored with it.  It never
 * goes back (RFC 1982), whatever is rolled back or imported, as secondaries would not follow.
 */

#define SERIAL_TAIL 20 /* bytes of an SOA's rdata from the serial to its end */

/* RFC 1982 §3.2. */
static bool is_newer(uint32_t serial, uint32_t than)
{
    return serial != than && serial - than < UINT32_C(1) << 31;
}

static const uint8_t *serial_at(const struct dns_rrset *soa)
{
    return soa->wire + soa->size - SERIAL_TAIL;
}

static uint32_t serial_of(const struct dns_rrset *soa)
{
    const uint8_t *at = serial_at(soa);
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_serial(struct zone_work *work, const struct dns_rrset *soa, uint32_t serial)
{
    struct dns_rrset *copy = xmemdup(soa, sizeof *soa + soa->size);
    uint8_t *at = copy->wire + copy->size - SERIAL_TAIL;
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(serial >> (24 - 8 * i));
    zone_edit_put(work->edit, &work->apex, copy);
    free(copy);
}

static void keep(struct build *build, const char *name, struct source *source, char *text)
{
    build_stage(build, OBJECT_SERIAL, name, source);
    objects_add(&build->derived, OBJECT_SERIAL, name, text, text != NULL ? strlen(text) : 0);
}

static void own(struct build *build, const char *name, uint32_t serial)
{
    char *text = xasprintf("%u", serial);
    struct object object = {
        .kind = OBJECT_SERIAL,
        .name = (char *)(uintptr_t)name,
        .text = text,
        .text_size = strlen(text),
        .is_borrowed = true,
    };
    keep(build, name, source_new(build->compiler->forms, &object), text);
}

static void disown(struct build *build, const char *name)
{
    if (build_before(build, OBJECT_SERIAL, name) != NULL)
        keep(build, name, NULL, NULL);
}

void zone_drop_serial(struct build *build, const char *name)
{
    disown(build, name);
}

/* The number that is stored, if there is one. */
static bool stored_serial(const struct build *build, const char *name, uint32_t *out)
{
    const struct item *item = build_find(build, OBJECT_SERIAL, name);
    if (item != NULL)
        *out = (uint32_t)strtoul(item->source->object.text, NULL, 10);
    return item != NULL;
}

/* The file's own serial counts as long as nobody else has changed the zone, or when it has caught up. */
static bool file_decides(const struct build *build, const struct zone_work *work, bool is_owned,
                         uint32_t declared, uint32_t served)
{
    if (!build->is_import || !work->is_rebuilt || !work->has_own_soa)
        return false;
    return !is_owned || is_newer(declared, served);
}

static void advance(struct build *build, const char *name, struct zone_work *work,
                    const struct dns_rrset *soa)
{
    uint32_t declared = serial_of(soa), served = serial_of(zone_soa(work->before->zone)), stored;
    bool is_owned = stored_serial(build, name, &stored);
    if (file_decides(build, work, is_owned, declared, served)) {
        disown(build, name);
        return;
    }
    uint32_t next = is_newer(declared, served) ? declared : served + 1;
    own(build, name, next);
    put_serial(work, soa, next);
}

void zone_settle_serial(struct build *build, const char *name, struct zone_work *work)
{
    const struct dns_rrset *soa = zone_edit_find(work->edit, &work->apex, DNS_SOA);
    uint32_t stored;
    if (soa == NULL)
        return;
    bool is_given = build_is_staged(build, OBJECT_SERIAL, name);
    bool is_changed = work->before != NULL && zone_edit_changes_records(work->edit);
    if (!is_given && is_changed)
        advance(build, name, work, soa);
    else if (stored_serial(build, name, &stored) && stored != serial_of(soa))
        put_serial(work, soa, stored);
}
