/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/resolved_view.h"

#include "api/metrics.h"
#include "base/clock.h"
#include "dns/name.h"

#include <string.h>

static void format_address(const struct resolved *resolved, unsigned at, char out[ADDRESS_TEXT_SIZE])
{
    struct address address = { .family = at < resolved->count_v4 ? ADDRESS_V4 : ADDRESS_V6 };
    if (at < resolved->count_v4)
        memcpy(address.bytes, resolved->ipv4[at], 4);
    else
        memcpy(address.bytes, resolved->ipv6[at - resolved->count_v4], 16);
    address_format(&address, out);
}

static unsigned count_of(const struct resolved *resolved)
{
    return resolved != NULL ? (unsigned)(resolved->count_v4 + resolved->count_v6) : 0;
}

static const char *problem_of(const struct resolved *resolved)
{
    if (resolved == NULL)
        return "not resolved yet";
    if (resolved->problem[0] != '\0')
        return resolved->problem;
    return resolved->is_stale ? "not resolved since the start" : NULL;
}

void resolved_view_write(struct writer *json, const char *key, const struct endpoint *endpoint,
                         const struct resolved *resolved)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format_wire(endpoint_more(endpoint)->hostname, text);
    writer_object(json, key);
    writer_string(json, "name", text);
    writer_array(json, "addresses");
    for (unsigned i = 0; i < count_of(resolved); i++) {
        format_address(resolved, i, text);
        writer_string(json, NULL, text);
    }
    writer_end(json);
    if (count_of(resolved) > 0)
        writer_uint(json, "ttl", resolved_ttl_s(resolved, clock_monotonic_us()));
    writer_time(json, "at", resolved != NULL ? resolved->wall_ms : 0);
    writer_bool(json, "stale", resolved != NULL && resolved->is_stale);
    writer_string(json, "problem", problem_of(resolved));
    writer_end(json);
}

void resolved_view_say(const struct endpoint *endpoint, const struct resolved *resolved, struct text *out)
{
    char text[DNS_NAME_TEXT_SIZE], since[CLOCK_TEXT_SIZE] = "";
    dns_name_format_wire(endpoint_more(endpoint)->hostname, text);
    if (resolved != NULL && resolved->wall_ms != 0)
        clock_format(resolved->wall_ms, since);
    if (count_of(resolved) == 0) {
        text_printf(out, "%s has no known address: %s", text,
                    resolved != NULL ? resolved->problem : "it is not resolved yet");
        if (since[0] != '\0')
            text_printf(out, ", as of %s", since);
        return;
    }
    text_printf(out, "%s was resolved at %s to", text, since);
    for (unsigned i = 0; i < count_of(resolved); i++) {
        format_address(resolved, i, text);
        text_printf(out, "%s%s", i > 0 ? ", " : " ", text);
    }
    text_printf(out, ", TTL %u", resolved_ttl_s(resolved, clock_monotonic_us()));
    if (resolved->is_stale)
        text_printf(out, " (old: %s)", problem_of(resolved));
}

void resolved_view_metrics(struct text *out, const struct snapshot *now)
{
    static const char *const states[] = { "fresh", "stale", "unresolved" };
    unsigned counts[3] = { 0 };
    for (uint32_t id = 0; id < now->conditions->names.page_count * PAGED_PAGE_SIZE; id++) {
        const struct resolved *resolved = paged_get(&now->conditions->names, id);
        if (resolved != NULL)
            counts[count_of(resolved) == 0 ? 2 : resolved->is_stale]++;
    }
    metrics_family(out, "steerd_hostnames", "gauge",
                   "Hostnames of endpoints that are resolved, by what is known of their addresses.");
    for (size_t i = 0; i < 3; i++)
        text_printf(out, "steerd_hostnames{state=\"%s\"} %u\n", states[i], counts[i]);
}
