/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/names.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "dns/name.h"

#include <stdlib.h>
#include <string.h>

#define NOTES_APART_MS 60000 /* changes of addresses of one name: some change them with every answer */

struct name {
    char *text;      /* presentation format */
    uint32_t *nodes; /* slots of the nodes over its endpoints; one stands there once for each */
    size_t node_count, node_room;
    bool is_resolved;  /* the first answer came */
    uint64_t noted_ms; /* when the last change of addresses was written down */
};

struct names {
    struct checker *checker;
    struct name **items; /* by id */
    size_t room;
    size_t unresolved;
    bool is_wanted;
};

struct names *names_new(void)
{
    return xcalloc(1, sizeof(struct names));
}

static void name_free(struct name *name)
{
    if (name == NULL)
        return;
    free(name->text);
    free(name->nodes);
    free(name);
}

void names_free(struct names *names)
{
    for (uint32_t id = 0; id < names->room; id++)
        name_free(names->items[id]);
    free(names->items);
    free(names);
}

void names_set_checker(struct names *names, struct checker *checker)
{
    names->checker = checker;
}

static struct name *name_find(const struct names *names, uint32_t id)
{
    return id < names->room ? names->items[id] : NULL;
}

/* ---- which there are ---- */

static void tell_checker(const struct names *names, uint32_t id, const char *hostname)
{
    if (names->checker != NULL)
        checker_resolve(names->checker, id, hostname);
}

static void name_add(struct names *names, const struct compiled_name *change)
{
    char text[DNS_NAME_TEXT_SIZE];
    names->items = xreach(names->items, &names->room, change->id, sizeof(struct name *));
    struct name *name = names->items[change->id] = xcalloc(1, sizeof *name);
    dns_name_format_wire(change->name, text);
    name->text = xstrdup(text);
    names->unresolved++;
    if (names->is_wanted)
        tell_checker(names, change->id, name->text);
}

static void forget_addresses(struct names *names, uint32_t id, struct paged_edit *edit,
                             struct edition *edition)
{
    struct name *name = names->items[id];
    edition_replaced(edition, paged_edit_get(edit, id), NULL);
    paged_edit_set(edit, id, NULL);
    names->unresolved += name->is_resolved;
    name->is_resolved = false;
    if (names->is_wanted)
        tell_checker(names, id, NULL);
}

static void name_remove(struct names *names, uint32_t id, struct paged_edit *edit, struct edition *edition)
{
    if (name_find(names, id) == NULL)
        return;
    forget_addresses(names, id, edit, edition);
    names->unresolved--;
    name_free(names->items[id]);
    names->items[id] = NULL;
}

static void set_wanted(struct names *names, bool is_wanted, struct paged_edit *edit, struct edition *edition)
{
    if (names->is_wanted == is_wanted)
        return;
    for (uint32_t id = 0; id < names->room; id++) {
        if (names->items[id] != NULL && is_wanted)
            tell_checker(names, id, names->items[id]->text);
        else if (names->items[id] != NULL)
            forget_addresses(names, id, edit, edition);
    }
    names->is_wanted = is_wanted;
}

/* ---- who hangs on them ---- */

static uint32_t name_of(const struct child *child)
{
    bool has_name = child->kind == CHILD_ENDPOINT && endpoint_is_name(child->endpoint);
    return has_name ? child->endpoint->name_id : 0;
}

static void link_node(struct names *names, const struct node *node)
{
    for (uint16_t i = 0; node != NULL && i < node->child_count; i++) {
        struct name *name = name_find(names, name_of(&node->children[i]));
        if (name == NULL)
            continue;
        if (name->node_count == name->node_room) {
            name->node_room = name->node_room ? name->node_room * 2 : 4;
            name->nodes = xrealloc(name->nodes, name->node_room, sizeof *name->nodes);
        }
        name->nodes[name->node_count++] = node->slot;
    }
}

static void unlink_node(struct names *names, const struct node *node)
{
    for (uint16_t i = 0; node != NULL && i < node->child_count; i++) {
        struct name *name = name_find(names, name_of(&node->children[i]));
        size_t at = 0;
        while (name != NULL && at < name->node_count && name->nodes[at] != node->slot)
            at++;
        if (name != NULL && at < name->node_count)
            name->nodes[at] = name->nodes[--name->node_count];
    }
}

void names_take(struct names *names, const struct compiled *compiled, struct paged_edit *edit,
                struct edition *edition)
{
    for (size_t i = 0; i < compiled->node_count; i++)
        unlink_node(names, compiled->nodes[i].before);
    for (size_t i = 0; i < compiled->name_count; i++) {
        if (compiled->names[i].name == NULL)
            name_remove(names, compiled->names[i].id, edit, edition);
    }
    for (size_t i = 0; i < compiled->name_count; i++) {
        if (compiled->names[i].name != NULL)
            name_add(names, &compiled->names[i]);
    }
    for (size_t i = 0; i < compiled->node_count; i++)
        link_node(names, compiled->nodes[i].after);
    set_wanted(names, compiled->wants_names, edit, edition);
}

/* ---- what they resolve to ---- */

static void list_addresses(const struct resolved *resolved, struct text *out)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address address = { .family = ADDRESS_V4 };
    text_puts(out, "");
    for (uint8_t i = 0; resolved != NULL && i < resolved->count_v4; i++) {
        memcpy(address.bytes, resolved->ipv4[i], 4);
        address_format(&address, text);
        text_printf(out, "%s%s", out->size > 0 ? " " : "", text);
    }
    address.family = ADDRESS_V6;
    for (uint8_t i = 0; resolved != NULL && i < resolved->count_v6; i++) {
        memcpy(address.bytes, resolved->ipv6[i], 16);
        address_format(&address, text);
        text_printf(out, "%s%s", out->size > 0 ? " " : "", text);
    }
}

static bool has_same_addresses(const struct resolved *a, const struct resolved *b)
{
    return a->count_v4 == b->count_v4 && a->count_v6 == b->count_v6 &&
           memcmp(a->ipv4, b->ipv4, a->count_v4 * sizeof *a->ipv4) == 0 &&
           memcmp(a->ipv6, b->ipv6, a->count_v6 * sizeof *a->ipv6) == 0;
}

static void note_change(struct name *name, const struct resolved *before, const struct resolved *after,
                        struct chronicle *chronicle)
{
    struct text was = { 0 }, now = { 0 };
    uint64_t now_ms = clock_monotonic_ms();
    bool turns = before == NULL || resolved_families(before) != resolved_families(after);
    if (before != NULL && has_same_addresses(before, after) && before->is_stale == after->is_stale)
        return;
    if (after->problem[0] != '\0' && (before == NULL || before->problem[0] == '\0'))
        log_warning("name %s: %s%s", name->text, after->problem,
                    resolved_families(after) != 0 ? "; its last known addresses are answered" : "");
    if (!turns && name->noted_ms != 0 && now_ms - name->noted_ms < NOTES_APART_MS)
        return;
    name->noted_ms = now_ms;
    list_addresses(before, &was);
    list_addresses(after, &now);
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_NAME,
                                               .subject = name->text,
                                               .was = was.bytes,
                                               .state = now.bytes,
                                               .text = (char *)(uintptr_t)after->problem });
    text_free(&was);
    text_free(&now);
}

bool names_resolve(struct names *names, const struct name_report *report, struct graph *graph,
                   struct chronicle *chronicle, struct paged_edit *edit, struct edition *edition)
{
    struct name *name = name_find(names, report->id);
    const struct resolved *before = paged_edit_get(edit, report->id), *after = &report->resolved;
    if (name == NULL || !names->is_wanted)
        return false;
    names->unresolved -= !name->is_resolved;
    name->is_resolved = true;
    note_change(name, before, after, chronicle);
    if ((before != NULL ? resolved_families(before) : 0) != resolved_families(after)) {
        for (size_t i = 0; i < name->node_count; i++)
            graph_touch(graph, name->nodes[i]);
    }
    edition_replaced(edition, before, NULL);
    paged_edit_set(edit, report->id, edition_made(edition, xmemdup(after, sizeof *after), NULL));
    return true;
}

size_t names_unresolved(const struct names *names)
{
    return names->is_wanted ? names->unresolved : 0;
}
