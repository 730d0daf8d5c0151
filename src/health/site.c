/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/site.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

void sites_open(struct sites *sites)
{
    *sites = (struct sites){ .by_address = table_new(), .end = &sites->first };
}

static struct site *sites_unlist(struct sites *sites)
{
    struct site *site = sites->first;
    sites->first = site->next;
    if (sites->first == NULL)
        sites->end = &sites->first;
    site->is_listed = false;
    return site;
}

void sites_close(struct sites *sites)
{
    while (sites->first != NULL)
        site_release(sites, sites_unlist(sites));
    assert(table_count(sites->by_address) == 0);
    table_free(sites->by_address);
}

struct site *site_acquire(struct sites *sites, const struct address *address)
{
    char key[ADDRESS_TEXT_SIZE];
    address_format(address, key);
    struct site *site = table_find(sites->by_address, key);
    if (site == NULL) {
        site = xcalloc(1, sizeof *site);
        site->address = *address;
        queue_open(&site->waiting);
        table_put(sites->by_address, key, site);
    }
    site->users++;
    return site;
}

void site_release(struct sites *sites, struct site *site)
{
    char key[ADDRESS_TEXT_SIZE];
    if (site == NULL || --site->users > 0)
        return;
    address_format(&site->address, key);
    table_remove(sites->by_address, key);
    free(site);
}

void site_enter(struct site *site)
{
    site->users++;
    site->running++;
}

void site_leave(struct sites *sites, struct site *site)
{
    site->running--;
    if (site->waiting.first == NULL || site->is_listed) {
        site_release(sites, site);
        return;
    }
    site->is_listed = true; /* the probe's use is the list's now */
    site->next = NULL;
    *sites->end = site;
    sites->end = &site->next;
}

struct target *sites_next(struct sites *sites, unsigned most)
{
    while (sites->first != NULL) {
        struct site *site = sites->first;
        struct target *target = site->running < most ? site->waiting.first : NULL;
        if (target != NULL) {
            queue_remove(target);
            return target;
        }
        site_release(sites, sites_unlist(sites));
    }
    return NULL;
}
