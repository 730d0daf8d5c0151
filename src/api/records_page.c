/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/records_page.h"

#include "api/page.h"
#include "api/presentation.h"
#include "api/problem.h"
#include "base/memory.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

bool records_page_begin(struct request *request, const char *zone, struct records_page *page)
{
    const char *after = target_param(&request->target, "after");
    *page = (struct records_page){ .has_after = after != NULL };
    if (!page_limit(request, &page->limit))
        return false;
    if (after == NULL)
        return true;
    struct dns_name apex;
    char *name = xasprintf("%s/%s", zone, after);
    bool is_name = object_rrset_parse(name, &apex, &page->after_owner, &page->after_type);
    free(name);
    return is_name || problem_parameter(request, "after", "must be the \"next\" of the page before");
}

/* ---- order ---- */

/* Canonical order: the rightmost labels count most, and a name stands before those below it. */
static int compare_names(const struct dns_name *a, const struct dns_name *b)
{
    unsigned shorter = a->label_count < b->label_count ? a->label_count : b->label_count;
    for (unsigned k = 1; k <= shorter; k++) {
        const uint8_t *left = a->bytes + a->label_at[a->label_count - k];
        const uint8_t *right = b->bytes + b->label_at[b->label_count - k];
        int order = memcmp(left + 1, right + 1, left[0] < right[0] ? left[0] : right[0]);
        if (order == 0)
            order = left[0] - right[0];
        if (order != 0)
            return order;
    }
    return a->label_count - b->label_count;
}

/* ---- the first names behind the cursor ---- */

struct owner {
    struct dns_name name;
    const struct zone_node *node;
};

/* A heap with the last of them on top, which goes when an earlier one comes. */
struct selection {
    const struct records_page *page;
    struct owner *owners;
    size_t count, most;
    bool is_cut; /* there are more */
};

static void swap(struct owner *a, struct owner *b)
{
    struct owner held = *a;
    *a = *b;
    *b = held;
}

static void sift_up(struct selection *selection)
{
    struct owner *owners = selection->owners;
    for (size_t at = selection->count - 1; at > 0;) {
        size_t parent = (at - 1) / 2;
        if (compare_names(&owners[at].name, &owners[parent].name) <= 0)
            return;
        swap(&owners[at], &owners[parent]);
        at = parent;
    }
}

static void sift_down(struct selection *selection)
{
    struct owner *owners = selection->owners;
    for (size_t at = 0;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < selection->count; child++) {
            if (compare_names(&owners[child].name, &owners[last].name) > 0)
                last = child;
        }
        if (last == at)
            return;
        swap(&owners[at], &owners[last]);
        at = last;
    }
}

static bool has_rrset_behind(const struct records_page *page, const struct dns_name *owner,
                             const struct zone_node *node)
{
    int order = page->has_after ? compare_names(owner, &page->after_owner) : 1;
    const struct dns_rrset *rrset = order < 0 ? NULL : zone_node_next(node, NULL);
    while (rrset != NULL && order == 0 && rrset->type <= page->after_type)
        rrset = zone_node_next(node, rrset);
    return rrset != NULL;
}

static void consider(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    struct selection *selection = context;
    bool is_full = selection->count == selection->most;
    if (is_full && compare_names(owner, &selection->owners[0].name) > 0) {
        selection->is_cut |= has_rrset_behind(selection->page, owner, node);
        return;
    }
    if (!has_rrset_behind(selection->page, owner, node))
        return;
    if (is_full) {
        selection->is_cut = true;
        selection->owners[0] = (struct owner){ *owner, node };
        sift_down(selection);
        return;
    }
    selection->owners[selection->count++] = (struct owner){ *owner, node };
    sift_up(selection);
}

static int compare_owners(const void *a, const void *b)
{
    return compare_names(&((const struct owner *)a)->name, &((const struct owner *)b)->name);
}

/* ---- writing ---- */

/* The owner relative to the zone, as objects name it. */
static char *relative(const struct zone *zone, const struct dns_name *owner)
{
    char apex[DNS_NAME_TEXT_SIZE], name[DNS_NAME_TEXT_SIZE];
    dns_name_format(zone_apex(zone), apex);
    dns_name_format(owner, name);
    char *zone_text = object_zone_name(apex), *made = object_rrset_name(zone_text, name, "A", NULL);
    size_t size = strlen(zone_text) + 1;
    char *out = made != NULL ? xstrndup(made + size, strcspn(made + size, "/")) : xstrdup(name);
    free(zone_text);
    free(made);
    return out;
}

void records_write_rrset(struct writer *json, const struct zone *zone, const struct dns_name *owner,
                         const struct dns_rrset *rrset)
{
    char type[16], *name = relative(zone, owner);
    dns_type_format(rrset->type, type);
    writer_string(json, "owner", name);
    writer_string(json, "type", type);
    writer_uint(json, "ttl", rrset->ttl_s);
    writer_array(json, "values");
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        char *value = presentation_of(rrset->type, dns_rr_rdata(rr), (uint16_t)dns_rr_rdlength(rr));
        writer_string(json, NULL, value);
        free(value);
    }
    writer_end(json);
    free(name);
}

struct listing {
    const struct records_page *page;
    const struct zone *zone;
    struct writer *json;
    uint64_t written;
    bool has_more;
    const struct owner *last; /* shown, and its type */
    uint16_t last_type;
};

static void list_owner(struct listing *listing, const struct owner *owner)
{
    const struct records_page *page = listing->page;
    bool is_first = page->has_after && dns_name_equal(&owner->name, &page->after_owner);
    for (const struct dns_rrset *rrset = NULL; (rrset = zone_node_next(owner->node, rrset)) != NULL;) {
        if (is_first && rrset->type <= page->after_type)
            continue;
        listing->has_more |= listing->written == page->limit;
        if (listing->written == page->limit)
            return;
        writer_object(listing->json, NULL);
        records_write_rrset(listing->json, listing->zone, &owner->name, rrset);
        writer_end(listing->json);
        listing->written++;
        listing->last = owner;
        listing->last_type = rrset->type;
    }
}

static void write_cursor(const struct listing *listing)
{
    if (!listing->has_more || listing->last == NULL) {
        writer_null(listing->json, "next");
        return;
    }
    char type[16], *name = relative(listing->zone, &listing->last->name);
    dns_type_format(listing->last_type, type);
    char *cursor = xasprintf("%s/%s", name, type);
    writer_string(listing->json, "next", cursor);
    free(cursor);
    free(name);
}

void records_page_write(const struct records_page *page, const struct zone *zone, struct writer *json)
{
    struct selection selection = { .page = page, .most = page->limit };
    selection.owners = xcalloc(page->limit, sizeof *selection.owners);
    zone_walk(zone, consider, &selection);
    if (selection.count > 0)
        qsort(selection.owners, selection.count, sizeof *selection.owners, compare_owners);
    struct listing listing = { .page = page, .zone = zone, .json = json, .has_more = selection.is_cut };
    writer_object(json, NULL);
    writer_array(json, "items");
    for (size_t i = 0; i < selection.count; i++)
        list_owner(&listing, &selection.owners[i]);
    writer_end(json);
    write_cursor(&listing);
    writer_end(json);
    free(selection.owners);
}
