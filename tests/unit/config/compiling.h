/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "config/compiler.h"
#include "config/complaints.h"
#include "policy/policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A compiler under test with the dataset that it made last. */
struct bench {
    struct compiler *compiler;
    const struct dataset *dataset;
    struct problems problems; /* of the last apply */
    struct compiled compiled; /* while waiting */
    bool is_import;           /* changes come from the files */
};

static inline struct bench bench_new(void)
{
    return (struct bench){ .compiler = compiler_new() };
}

static inline void bench_free(struct bench *bench)
{
    problems_free(&bench->problems);
    compiler_free(bench->compiler);
}

/* Publishes: nobody reads, so what was replaced goes at once. */
static inline void bench_accept(struct bench *bench)
{
    bench->dataset = bench->compiled.dataset;
    compiler_accept(bench->compiler, &bench->compiled);
    edition_free_replaced(&bench->compiled.edition);
    problems_free(&bench->compiled.warnings);
}

static inline void bench_reject(struct bench *bench)
{
    compiler_reject(bench->compiler, &bench->compiled);
}

static inline bool bench_apply(struct bench *bench, const struct objects *changes)
{
    problems_free(&bench->problems);
    return (bench->is_import ? compiler_import : compiler_apply)(
        bench->compiler, changes->items, changes->count, &bench->problems, &bench->compiled);
}

/* One object by the API: JSON, or NULL to delete. */
static inline bool bench_try(struct bench *bench, enum object_kind kind, const char *name, const char *text)
{
    struct objects changes = { 0 };
    objects_add(&changes, kind, name, text != NULL ? xstrdup(text) : NULL, text != NULL ? strlen(text) : 0);
    bool is_good = bench_apply(bench, &changes);
    objects_free(&changes);
    return is_good;
}

/* Turns all that was asked into changes against the head. */
static inline void bench_delete_others(const struct bench *bench, struct objects *wanted)
{
    struct table *names = table_new();
    struct objects head;
    size_t count = wanted->count;
    for (size_t i = 0; i < count; i++) {
        char *key = xasprintf("%d %s", wanted->items[i].kind, wanted->items[i].name);
        table_put(names, key, names);
        free(key);
    }
    compiler_list(bench->compiler, &head);
    for (size_t i = 0; i < head.count; i++) {
        char *key = xasprintf("%d %s", head.items[i].kind, head.items[i].name);
        if (table_find(names, key) == NULL)
            objects_add(wanted, head.items[i].kind, head.items[i].name, NULL, 0);
        free(key);
    }
    objects_free(&head);
    table_free(names);
}

/* A whole steering document in place of what there is. */
static inline bool bench_try_all(struct bench *bench, const char *steering)
{
    struct document document;
    struct objects wanted = { 0 };
    problems_free(&bench->problems);
    if (!document_scan("steering.json", steering, strlen(steering), &bench->problems, &document) ||
        !objects_of_steering(&document, "/nowhere", &bench->problems, &wanted)) {
        char *said = complaints_take(&bench->problems);
        fail_msg("%s", said);
        free(said);
    }
    bench_delete_others(bench, &wanted);
    bool is_good = bench_apply(bench, &wanted);
    objects_free(&wanted);
    document_free(&document);
    return is_good;
}

static inline void bench_must(struct bench *bench, bool is_good)
{
    if (!is_good) {
        char *said = complaints_take(&bench->problems);
        fail_msg("refused: %s", said);
        free(said);
    }
}

static inline void bench_set(struct bench *bench, enum object_kind kind, const char *name, const char *text)
{
    bench_must(bench, bench_try(bench, kind, name, text));
    bench_accept(bench);
}

static inline void bench_set_all(struct bench *bench, const char *steering)
{
    bench_must(bench, bench_try_all(bench, steering));
    bench_accept(bench);
}

/* The change must be refused with these words. */
static inline void bench_is_refused(struct bench *bench, bool is_good, const char *words)
{
    if (is_good) {
        bench_reject(bench);
        fail_msg("accepted, but should say \"%s\"", words);
    }
    char *said = complaints_take(&bench->problems);
    if (strstr(said, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", said, words);
    free(said);
}

/* The change waits to be accepted with a warning of these words. */
static inline void bench_is_warned(struct bench *bench, bool is_good, const char *words)
{
    bench_must(bench, is_good);
    struct text said = { 0 };
    for (size_t i = 0; i < bench->compiled.warnings.count; i++) {
        char *line = problem_format(&bench->compiled.warnings.items[i]);
        text_printf(&said, "%s\n", line);
        free(line);
    }
    if (said.bytes == NULL || strstr(said.bytes, words) == NULL)
        fail_msg("\"%s\" does not warn \"%s\"", said.bytes != NULL ? said.bytes : "", words);
    text_free(&said);
}

/* ---- looking into the dataset ---- */

static inline const struct node *bench_node(const struct bench *bench, const char *name)
{
    for (uint32_t id = 0; id < bench->dataset->nodes.page_count * PAGED_PAGE_SIZE; id++) {
        const struct node *node = paged_get(&bench->dataset->nodes, id);
        if (node != NULL && strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

static inline const struct zone_node *bench_at(const struct bench *bench, const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse(text, NULL, &name));
    const struct zone *zone = zone_set_find(bench->dataset->zones, &name, false);
    return zone != NULL ? zone_find_exact(zone, &name) : NULL;
}

static inline const struct service *bench_service(const struct bench *bench, const char *name)
{
    const struct zone_node *node = bench_at(bench, name);
    return node != NULL ? zone_node_service(node) : NULL;
}

static inline const struct dns_rrset *bench_rrset(const struct bench *bench, const char *name, uint16_t type)
{
    const struct zone_node *node = bench_at(bench, name);
    return node != NULL ? zone_node_rrset(node, type) : NULL;
}
