/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/tree.h"

#include "cli/client.h"
#include "cli/grid.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 10
#define INDENT      2 /* columns a level */

/* Server's words, cleaned, in a colour. */
static void put(struct text *out, enum grid_colour colour, bool wants_colour, const char *words)
{
    struct text safe = { 0 };
    grid_add_safe(&safe, words, false);
    grid_paint(out, colour, wants_colour, safe.bytes != NULL ? safe.bytes : "");
    text_free(&safe);
}

static void put_plain(struct text *out, const char *words)
{
    put(out, GRID_PLAIN, false, words);
}

static void begin_line(struct text *out, const char *label)
{
    text_printf(out, "%-*s", LABEL_WIDTH, label);
}

static void draw_zone(const cJSON *step, struct text *out)
{
    const char *service = json_text(step, "service");
    begin_line(out, "zone");
    put_plain(out, json_text(step, "zone"));
    text_puts(out, service[0] != '\0' ? ", service " : ", ");
    put_plain(out, service[0] != '\0' ? service : json_text(step, "outcome"));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(step, "wildcard")))
        text_puts(out, " (by wildcard)");
    text_puts(out, "\n");
}

static void draw_client(const cJSON *step, struct text *out)
{
    static const char *const keys[] = { "city", "subdivision", "country", "continent" };
    const cJSON *location = cJSON_GetObjectItemCaseSensitive(step, "location");
    const char *from = json_text(step, "location_from");
    begin_line(out, "client");
    put_plain(out, json_text(step, "client"));
    text_puts(out, strcmp(json_text(step, "by"), "ecs") == 0 ? " by EDNS Client Subnet"
                                                             : " by its source address");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = json_text(location, keys[i]);
        if (value[0] == '\0')
            continue;
        text_puts(out, ", ");
        put_plain(out, value);
    }
    if (json_number(location, "asn") > 0)
        text_printf(out, ", AS%.0f", json_number(location, "asn"));
    if (!cJSON_IsObject(location))
        text_puts(out, ", location unknown");
    if (strncmp(from, "locations/", strlen("locations/")) == 0) {
        text_puts(out, " (location from ");
        put_plain(out, from);
        text_puts(out, ")");
    }
    text_puts(out, "\n");
}

/* ---- nodes ---- */

static size_t widest_name(const cJSON *candidates)
{
    size_t widest = 0;
    const cJSON *candidate;
    cJSON_ArrayForEach(candidate, candidates)
    {
        size_t width = grid_width(json_text(candidate, "name"));
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_candidates(const cJSON *candidates, int indent, bool wants_colour, struct text *out);

/* "* us-east-1  weight 3, check web is content": * was chosen, x cannot be. */
static void draw_candidate(const cJSON *candidate, int indent, size_t widest, bool wants_colour,
                           struct text *out)
{
    bool is_chosen = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(candidate, "chosen"));
    bool is_available = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(candidate, "available"));
    enum grid_colour colour = is_chosen ? GRID_GOOD : is_available ? GRID_PLAIN : GRID_BAD;
    const char *name = json_text(candidate, "name");
    text_printf(out, "%*s", indent, "");
    put(out, colour, wants_colour, is_chosen ? "* " : is_available ? "- " : "x ");
    put(out, colour, wants_colour, name);
    text_printf(out, "%*s  ", (int)(widest - grid_width(name)), "");
    if (json_text(candidate, "rule")[0] != '\0') {
        put_plain(out, json_text(candidate, "rule"));
        text_puts(out, ": ");
    }
    if (json_number(candidate, "weight") != 1)
        text_printf(out, "weight %.0f, ", json_number(candidate, "weight"));
    const cJSON *share = cJSON_GetObjectItemCaseSensitive(candidate, "share");
    if (cJSON_IsNumber(share) && is_available)
        text_printf(out, "share %.1f %%, ", share->valuedouble * 100);
    put_plain(out, json_text(candidate, "why"));
    text_puts(out, "\n");
    draw_candidates(cJSON_GetObjectItemCaseSensitive(candidate, "candidates"), indent + INDENT, wants_colour,
                    out);
}

static void draw_candidates(const cJSON *candidates, int indent, bool wants_colour, struct text *out)
{
    size_t widest = widest_name(candidates);
    const cJSON *candidate;
    cJSON_ArrayForEach(candidate, candidates) draw_candidate(candidate, indent, widest, wants_colour, out);
}

/* A walk begins; if it ends at once, its root says why. */
static void draw_view(const cJSON *step, bool wants_colour, struct text *out)
{
    const char *view = json_text(step, "view"), *root = json_text(step, "node");
    if (strcmp(view, "unheld") == 0)
        grid_paint(out, GRID_BAD, wants_colour, "everything is down: health is disregarded\n");
    else if (strcmp(view, "everything") == 0)
        grid_paint(out, GRID_BAD, wants_colour, "nothing else is left: operators are disregarded, too\n");
    if (root[0] == '\0')
        return;
    begin_line(out, "policy");
    put_plain(out, root);
    put(out, GRID_BAD, wants_colour, " is not available: ");
    put_plain(out, json_text(step, "why"));
    text_puts(out, "\n");
    draw_candidates(cJSON_GetObjectItemCaseSensitive(step, "candidates"), LABEL_WIDTH + INDENT, wants_colour,
                    out);
}

/* What a node of `latency` looked at: who measured, and what for each candidate. */
static void draw_measured(const cJSON *measured, struct text *out)
{
    const cJSON *row, *figure;
    cJSON_ArrayForEach(row, measured)
    {
        const cJSON *figures = cJSON_GetObjectItemCaseSensitive(row, "figures");
        const cJSON *margin = cJSON_GetObjectItemCaseSensitive(row, "margin_ms");
        bool is_server = strcmp(json_text(row, "of"), "server") == 0;
        if (cJSON_GetArraySize(figures) == 0)
            continue;
        text_printf(out, "%*smeasured by %s", LABEL_WIDTH + INDENT, "",
                    is_server ? "this server's checks" : "clients of this ");
        if (!is_server)
            put_plain(out, json_text(row, "of"));
        text_puts(out, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "decides")) ? ", which decides"
                                                                                      : ", not decisive");
        if (cJSON_IsNumber(margin))
            text_printf(out, ", margin %.1f ms", margin->valuedouble);
        text_puts(out, "\n");
        cJSON_ArrayForEach(figure, figures)
        {
            bool is_enough = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(figure, "enough"));
            text_printf(out, "%*s", LABEL_WIDTH + 2 * INDENT, "");
            put_plain(out, json_text(figure, "name"));
            text_printf(out, " %.1f ms, %.0f samples%s, the newest %.0f s old\n", json_number(figure, "ms"),
                        json_number(figure, "samples"), is_enough ? "" : " (too few)",
                        json_number(figure, "age_s"));
        }
    }
}

static void draw_node(const cJSON *step, bool wants_colour, struct text *out)
{
    const cJSON *chosen = cJSON_GetObjectItemCaseSensitive(step, "chosen");
    const cJSON *name;
    const char *reason = json_text(step, "reason"), *before = " -> ";
    begin_line(out, json_number(step, "depth") == 0 ? "policy" : "then");
    put_plain(out, json_text(step, "node"));
    text_puts(out, " (");
    put_plain(out, json_text(step, "policy"));
    text_puts(out, ")");
    cJSON_ArrayForEach(name, chosen)
    {
        text_puts(out, before);
        put(out, GRID_GOOD, wants_colour, cJSON_IsString(name) ? name->valuestring : "");
        before = ", ";
    }
    if (cJSON_GetArraySize(chosen) == 0)
        put(out, GRID_BAD, wants_colour, ": nothing for this client");
    if (json_text(step, "rule")[0] != '\0') {
        text_puts(out, " by ");
        put_plain(out, json_text(step, "rule"));
    }
    if (reason[0] != '\0') {
        text_puts(out, ": ");
        put_plain(out, reason);
    }
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(step, "draw")))
        text_printf(out, ", draw %.0f", json_number(step, "draw"));
    text_puts(out, "\n");
    draw_candidates(cJSON_GetObjectItemCaseSensitive(step, "candidates"), LABEL_WIDTH + INDENT, wants_colour,
                    out);
    draw_measured(cJSON_GetObjectItemCaseSensitive(step, "measured"), out);
}

/* ---- the answer ---- */

static void draw_decision(const cJSON *step, struct text *out)
{
    const char *ttl_why = json_text(step, "ttl_why"), *scope_why = json_text(step, "scope_why");
    if (ttl_why[0] == '\0')
        return;
    begin_line(out, "ttl");
    text_printf(out, "%.0f: ", json_number(step, "ttl"));
    put_plain(out, ttl_why);
    text_puts(out, "\n");
    begin_line(out, "scope");
    put_plain(out, scope_why);
    text_puts(out, "\n");
}

static void draw_records(const cJSON *records, const char *label, struct text *out)
{
    const cJSON *record;
    cJSON_ArrayForEach(record, records)
    {
        begin_line(out, label);
        put_plain(out, json_text(record, "name"));
        text_printf(out, " %.0f ", json_number(record, "ttl"));
        put_plain(out, json_text(record, "type"));
        text_puts(out, " ");
        put_plain(out, json_text(record, "data"));
        text_puts(out, "\n");
    }
}

static void draw_step(const cJSON *step, bool wants_colour, struct text *out)
{
    const char *kind = json_text(step, "step");
    if (strcmp(kind, "zone") == 0)
        draw_zone(step, out);
    else if (strcmp(kind, "client") == 0)
        draw_client(step, out);
    else if (strcmp(kind, "view") == 0)
        draw_view(step, wants_colour, out);
    else if (strcmp(kind, "node") == 0 || strcmp(kind, "empty") == 0)
        draw_node(step, wants_colour, out);
    else if (strcmp(kind, "result") == 0)
        draw_decision(step, out);
}

static void draw_result(const cJSON *explanation, struct text *out)
{
    const char *rcode = json_text(explanation, "rcode");
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(explanation, "answers");
    bool has_answers = cJSON_GetArraySize(answers) > 0;
    if (strcmp(rcode, "NOERROR") != 0 || !has_answers) {
        begin_line(out, "rcode");
        put_plain(out, rcode);
        text_puts(out, strcmp(rcode, "NOERROR") == 0 ? ", no data of this type" : "");
        const char *why = json_text(explanation, "why");
        text_puts(out, why[0] != '\0' ? ": " : "");
        put_plain(out, why);
        text_puts(out, "\n");
    }
    draw_records(answers, "answer", out);
    if (!has_answers)
        draw_records(cJSON_GetObjectItemCaseSensitive(explanation, "authority"), "authority", out);
    if (json_number(explanation, "scope") > 0) {
        begin_line(out, "scope");
        text_printf(out, "all clients in the same /%.0f get this\n", json_number(explanation, "scope"));
    }
    begin_line(out, "as of");
    text_printf(out, "generation %.0f, conditions %.0f\n", json_number(explanation, "generation"),
                json_number(explanation, "conditions"));
}

void tree_draw(const cJSON *explanation, bool wants_colour, struct text *out)
{
    const cJSON *step;
    put_plain(out, json_text(explanation, "name"));
    text_puts(out, " ");
    put_plain(out, json_text(explanation, "type"));
    text_puts(out, "\n");
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(explanation, "steps"))
        draw_step(step, wants_colour, out);
    draw_result(explanation, out);
}
