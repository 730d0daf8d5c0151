/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/hostnames.h"

#include "base/address.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void store_hostnames_free(struct known_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i].hostname);
    free(names);
}

int64_t store_hostname_confirmed_ms(const struct known_name *name, int64_t seen_ms)
{
    const struct resolved *resolved = &name->resolved;
    int64_t latest_ms = seen_ms - (int64_t)resolved->ttl_s * 1000;
    return !resolved->is_stale && latest_ms > resolved->wall_ms ? latest_ms : resolved->wall_ms;
}

/* "192.0.2.7 2001:db8::7" */
static void write_addresses(const struct resolved *resolved, struct text *out)
{
    char text[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < (unsigned)(resolved->count_v4 + resolved->count_v6); i++) {
        bool is_v4 = i < resolved->count_v4;
        struct address address = { .family = is_v4 ? ADDRESS_V4 : ADDRESS_V6 };
        if (is_v4)
            memcpy(address.bytes, resolved->ipv4[i], 4);
        else
            memcpy(address.bytes, resolved->ipv6[i - resolved->count_v4], 16);
        address_format(&address, text);
        text_printf(out, "%s%s", i > 0 ? " " : "", text);
    }
}

static void add_address(const struct address *address, struct resolved *out)
{
    if (address->family == ADDRESS_V4 && out->count_v4 < RESOLVED_MOST)
        memcpy(out->ipv4[out->count_v4++], address->bytes, 4);
    if (address->family == ADDRESS_V6 && out->count_v6 < RESOLVED_MOST)
        memcpy(out->ipv6[out->count_v6++], address->bytes, 16);
}

/* What is no address is passed over. */
static void read_addresses(const char *text, struct resolved *out)
{
    char *copy = xstrdup(text), *rest = NULL;
    struct address address;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (address_parse(word, &address))
            add_address(&address, out);
    free(copy);
}

static bool put_one(struct database *db, const struct known_name *name, struct error *err)
{
    const struct resolved *resolved = &name->resolved;
    struct query query;
    if (resolved_families(resolved) == 0) {
        query_begin(&query, db, "DELETE FROM hostnames WHERE name = ?");
        query_bind_string(&query, name->hostname);
        return query_run(&query, err);
    }
    struct text addresses = { 0 };
    write_addresses(resolved, &addresses);
    query_begin(&query, db,
                "INSERT OR REPLACE INTO hostnames (name, addresses, ttl_s, resolved_wall_ms, is_stale)"
                " VALUES (?, ?, ?, ?, ?)");
    query_bind_string(&query, name->hostname);
    query_bind_string(&query, addresses.bytes);
    query_bind_integer(&query, resolved->ttl_s);
    query_bind_integer(&query, resolved->wall_ms);
    query_bind_integer(&query, resolved->is_stale);
    bool is_done = query_run(&query, err);
    text_free(&addresses);
    return is_done;
}

bool hostnames_put(struct database *db, const struct known_name *names, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!put_one(db, &names[i], err))
            return false;
    return true;
}

bool hostnames_read(struct database *db, struct known_name **out, size_t *count, struct error *err)
{
    struct query query;
    size_t room = 0;
    query_begin(&query, db, "SELECT name, addresses, ttl_s, resolved_wall_ms, is_stale FROM hostnames");
    while (query_next(&query)) {
        if (*count == room) {
            room = room == 0 ? 64 : 2 * room;
            *out = xrealloc(*out, room, sizeof **out);
        }
        struct known_name *name = &(*out)[(*count)++];
        *name = (struct known_name){ .hostname = xstrdup(query_string(&query, 0)),
                                     .resolved = { .ttl_s = (uint32_t)query_integer(&query, 2),
                                                   .wall_ms = query_integer(&query, 3),
                                                   .is_stale = query_integer(&query, 4) != 0 } };
        read_addresses(query_string(&query, 1), &name->resolved);
    }
    return query_end(&query, err);
}
