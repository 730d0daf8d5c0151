/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/reader.h"

#include "config/scope.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static _Thread_local bool is_registered;

static void unregister(void *value)
{
    (void)value;
    snapshot_unregister_thread();
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, unregister);
}

const struct snapshot *reader_acquire(void)
{
    if (!is_registered) {
        pthread_once(&once, make_key);
        snapshot_register_thread();
        pthread_setspecific(at_thread_end, &is_registered); /* any value but NULL */
        is_registered = true;
    }
    return snapshot_acquire();
}

void reader_release(void)
{
    snapshot_release();
}

const struct node *reader_next_node(const struct dataset *dataset, uint32_t *at)
{
    const struct paged *nodes = &dataset->nodes;
    while (*at < nodes->page_count * PAGED_PAGE_SIZE) {
        const struct node *node = paged_get(nodes, (*at)++);
        if (node != NULL)
            return node;
    }
    return NULL;
}

const struct node *reader_find_pool(const struct dataset *dataset, const char *name, uint32_t id)
{
    const struct node *node = paged_get(&dataset->nodes, id);
    return node != NULL && strcmp(node->name, name) == 0 ? node : reader_find_node(dataset, name);
}

const struct node *reader_find_node(const struct dataset *dataset, const char *name)
{
    uint32_t at = 0;
    const struct node *node;
    while ((node = reader_next_node(dataset, &at)) != NULL) {
        if (strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

const struct endpoint *reader_find_endpoint(const struct node *pool, const char *name)
{
    for (uint16_t i = 0; i < pool->child_count; i++) {
        const struct child *child = &pool->children[i];
        if (child->kind == CHILD_ENDPOINT && strcmp(endpoint_more(child->endpoint)->name, name) == 0)
            return child->endpoint;
    }
    return NULL;
}

bool reader_reaches_zone(const char *scope, const struct zone *zone)
{
    char apex[DNS_NAME_TEXT_SIZE];
    if (scope_is_everything(scope))
        return true;
    dns_name_format(zone_apex(zone), apex);
    return scope_has_zone(scope, apex);
}

bool reader_is_pool(const struct node *node)
{
    const struct child *first = &node->children[0];
    return node->is_over_endpoints && first->kind == CHILD_ENDPOINT && first->endpoint->slot != SLOT_NONE;
}
