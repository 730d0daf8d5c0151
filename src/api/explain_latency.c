/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients and this server measured to the candidates of a node, and what of it decided. */
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

struct figure {
    const char *name;
    uint32_t us, samples;
    bool is_enough;
    uint64_t age_s;
};

static void tell_figure(struct explain_steps *steps, const struct figure *figure, unsigned indent)
{
    writer_object(steps->json, NULL);
    writer_string(steps->json, "name", figure->name);
    writer_real(steps->json, "ms", figure->us / 1000.0);
    writer_uint(steps->json, "samples", figure->samples);
    writer_bool(steps->json, "enough", figure->is_enough);
    writer_uint(steps->json, "age_s", figure->age_s);
    writer_end(steps->json);
    text_printf(steps->summary, "%*s%s: %.1f ms, %u samples%s, the newest %llu s old\n", (int)indent, "",
                figure->name, figure->us / 1000.0, figure->samples, figure->is_enough ? "" : " (too few)",
                (unsigned long long)figure->age_s);
}

static void tell_margin(struct explain_steps *steps, const struct best *best, unsigned indent)
{
    if (best->second_us == 0)
        return;
    double margin_ms = (best->second_us - best->first_us) / 1000.0;
    writer_real(steps->json, "margin_ms", margin_ms);
    text_printf(steps->summary, "%*smargin between the best two: %.1f ms\n", (int)indent, "", margin_ms);
}

/* ---- by clients ---- */

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
        int64_t age_ms = clock_wall_ms() - figure->newest_wall_ms;
        char room[ENDPOINT_NAME_SIZE];
        const struct figure told = { .name = explain_child_name(from, ordinal, room),
                                     .us = figure->median_us,
                                     .samples = figure->samples,
                                     .is_enough = figure->samples >= LATENCY_SAMPLES_LEAST,
                                     .age_s = age_ms > 0 ? (uint64_t)age_ms / 1000 : 0 };
        tell_figure(steps, &told, indent + 2);
        consider(&best, figure->median_us);
    }
    writer_end(steps->json);
    tell_margin(steps, &best, indent + 2);
    writer_end(steps->json);
}

/* True if one of the rows decided. */
static bool tell_clients(struct explain_steps *steps, const struct candidates *from, unsigned indent)
{
    const struct latency_view *view = from->conditions->latency;
    struct network_latency network;
    if (view == NULL || steps->client == NULL)
        return false;
    network_latency_find(from, steps->client, &network);
    for (enum latency_level level = 0; level < LATENCY_LEVELS; level++) {
        uint8_t scope_len;
        const struct latency_row *row =
            latency_table_find(view->table, level, &steps->client->address, steps->client->geo, &scope_len);
        bool decides = row != NULL && row == network.row;
        if (row != NULL)
            tell_row(steps, from, level, row, decides, indent);
        if (decides)
            return true; /* what is less specific was not looked at */
    }
    return false;
}

/* ---- by this server ---- */

/* What stands for a candidate: the endpoint below it with the best latency, else the one measured most. */
struct measured {
    const struct endpoint *endpoint; /* NULL: none is measured */
    uint32_t latency_us;             /* 0: too few samples, or too old */
    struct check_times times;
};

static void look_at(struct explain_steps *steps, const struct candidates *from, const struct child *child,
                    struct measured *best)
{
    if (child->kind != CHILD_ENDPOINT) {
        const struct node *node = dataset_node(from->dataset, child);
        for (uint16_t i = 0; node != NULL && i < node->child_count; i++) {
            if (child_is_available(&node->children[i], from->dataset, from->conditions, from->view))
                look_at(steps, from, &node->children[i], best); /* depth is bounded by NODE_DEPTH_MAX */
        }
        return;
    }
    struct measured here = { .endpoint = child->endpoint,
                             .latency_us = child_latency_us(child, from->dataset, from->conditions) };
    if (child->endpoint->slot == SLOT_NONE ||
        !control_check_times(steps->control, child->endpoint->slot, &here.times))
        return;
    bool is_better = best->endpoint == NULL;
    if (here.latency_us != 0)
        is_better |= best->latency_us == 0 || here.latency_us < best->latency_us;
    else
        is_better |= best->latency_us == 0 &&
                     here.times.of[here.times.counts].samples > best->times.of[best->times.counts].samples;
    if (is_better)
        *best = here;
}

static void tell_server(struct explain_steps *steps, const struct candidates *from, bool decides,
                        unsigned indent)
{
    struct best best = { 0 };
    bool has_any = false;
    writer_object(steps->json, NULL);
    writer_string(steps->json, "of", "server");
    writer_array(steps->json, "figures");
    text_printf(steps->summary, "%*smeasured by this server's checks\n", (int)indent, "");
    for (uint16_t i = 0; i < from->list->count; i++) {
        struct measured measured = { 0 };
        look_at(steps, from, &from->node->children[from->list->index[i]], &measured);
        const struct check_time *time = &measured.times.of[measured.times.counts];
        if (measured.endpoint == NULL || time->samples == 0)
            continue;
        char room[ENDPOINT_NAME_SIZE];
        const struct figure told = { .name = explain_child_name(from, from->list->index[i], room),
                                     .us = measured.latency_us != 0 ? measured.latency_us : time->mean_us,
                                     .samples = time->samples,
                                     .is_enough = measured.latency_us != 0,
                                     .age_s = time->age_ms / 1000 };
        tell_figure(steps, &told, indent + 2);
        has_any |= told.is_enough;
        if (told.is_enough)
            consider(&best, told.us);
    }
    writer_end(steps->json);
    tell_margin(steps, &best, indent + 2);
    writer_bool(steps->json, "decides", decides && has_any);
    writer_end(steps->json);
}

void explain_tell_latency(struct explain_steps *steps, const struct candidates *from, unsigned indent)
{
    if (from->list == NULL || strcmp(from->node->policy->name, "latency") != 0)
        return;
    writer_array(steps->json, "measured");
    bool is_decided = tell_clients(steps, from, indent);
    if (steps->control != NULL)
        tell_server(steps, from, !is_decided, indent);
    writer_end(steps->json);
}
