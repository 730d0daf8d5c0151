/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients measured to the candidates of a node, and whether it decided. */
#include "api/explain.h"

#include "base/clock.h"
#include "policy/network_latency.h"

#include <string.h>

static const char *const level_names[LATENCY_LEVELS] = {
    [LATENCY_NETWORK] = "network",
    [LATENCY_ASN] = "asn",
    [LATENCY_COUNTRY] = "country",
};

/* The best two of a row, for the margin. */
struct best {
    uint32_t first_us, second_us; /* 0: none */
};

static void consider(struct best *best, uint32_t us)
{
    if (best->first_us == 0 || us < best->first_us) {
        best->second_us = best->first_us;
        best->first_us = us;
    } else if (best->second_us == 0 || us < best->second_us) {
        best->second_us = us;
    }
}

static const char *name_of(const struct candidates *from, uint16_t ordinal)
{
    const struct child *child = &from->node->children[ordinal];
    return child->kind == CHILD_ENDPOINT ? child->endpoint->name : dataset_node(from->dataset, child)->name;
}

static void tell_figure(struct explain_steps *steps, const char *name, const struct latency_figure *figure,
                        unsigned indent)
{
    int64_t age_ms = clock_wall_ms() - figure->newest_wall_ms;
    uint64_t age_s = age_ms > 0 ? (uint64_t)age_ms / 1000 : 0;
    writer_object(steps->json, NULL);
    writer_string(steps->json, "name", name);
    writer_real(steps->json, "ms", figure->median_us / 1000.0);
    writer_uint(steps->json, "samples", figure->samples);
    writer_bool(steps->json, "enough", figure->samples >= LATENCY_SAMPLES_LEAST);
    writer_uint(steps->json, "age_s", age_s);
    writer_end(steps->json);
    text_printf(steps->summary, "%*s%s: %.1f ms, %u samples%s, the newest %llu s old\n", (int)indent, "",
                name, figure->median_us / 1000.0, figure->samples,
                figure->samples >= LATENCY_SAMPLES_LEAST ? "" : " (too few)", (unsigned long long)age_s);
}

static void tell_row(struct explain_steps *steps, const struct candidates *from, enum latency_level level,
                     const struct latency_row *row, bool decides, unsigned indent)
{
    struct best best = { 0 };
    writer_object(steps->json, NULL);
    writer_string(steps->json, "of", level_names[level]);
    writer_bool(steps->json, "decides", decides);
    text_printf(steps->summary, "%*smeasured by clients of this %s%s\n", (int)indent, "", level_names[level],
                decides ? "" : ", not enough to decide");
    writer_array(steps->json, "figures");
    for (uint16_t i = 0; i < from->list->count; i++) {
        uint16_t ordinal = from->list->index[i];
        const struct latency_figure *figure = network_latency_of(from, ordinal, row, 1);
        if (figure == NULL)
            continue;
        tell_figure(steps, name_of(from, ordinal), figure, indent + 2);
        consider(&best, figure->median_us);
    }
    writer_end(steps->json);
    if (best.second_us != 0)
        writer_real(steps->json, "margin_ms", (best.second_us - best.first_us) / 1000.0);
    writer_end(steps->json);
}

void explain_tell_latency(struct explain_steps *steps, const struct candidates *from, unsigned indent)
{
    const struct latency_view *view = from->conditions->latency;
    struct network_latency network;
    if (view == NULL || from->list == NULL || steps->client == NULL ||
        strcmp(from->node->policy->name, "latency") != 0)
        return;
    network_latency_find(from, steps->client, &network);
    writer_array(steps->json, "measured");
    for (enum latency_level level = 0; level < LATENCY_LEVELS; level++) {
        uint8_t scope_len;
        const struct latency_row *row =
            latency_table_find(view->table, level, &steps->client->address, steps->client->geo, &scope_len);
        bool decides = row != NULL && row == network.row;
        if (row != NULL)
            tell_row(steps, from, level, row, decides, indent);
        if (decides)
            break; /* what is less specific was not looked at */
    }
    writer_end(steps->json);
}
