/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_chain.h"

#include "base/memory.h"

static uint32_t link_new(struct geo_chains *chains, struct geo_link link)
{
    if (chains->count == chains->room) {
        chains->room = chains->room ? chains->room * 2 : 16;
        chains->links = xrealloc(chains->links, chains->room, sizeof *chains->links);
    }
    chains->links[chains->count] = link;
    return (uint32_t)chains->count++;
}

void geo_chains_init(struct geo_chains *chains)
{
    *chains = (struct geo_chains){ 0 };
    link_new(chains, (struct geo_link){ 0 });
}

void geo_chains_close(struct geo_chains *chains)
{
    number_table_free(&chains->by_link);
}

uint32_t geo_chain_add(struct geo_chains *chains, uint32_t chain, uint16_t child)
{
    const struct geo_link *links = chains->links;
    for (uint32_t at = chain; at != 0; at = links[at].before)
        if (links[at].child == child)
            return chain;
    uint64_t key = (uint64_t)chain << 16 | child;
    uint32_t link;
    if (number_table_find(&chains->by_link, key, &link))
        return link;
    uint16_t length = (uint16_t)(links[chain].length + 1);
    link = link_new(chains, (struct geo_link){ chain, child, length });
    number_table_put(&chains->by_link, key, link);
    return link;
}

uint32_t geo_chain_join(struct geo_chains *chains, uint32_t chain, uint32_t more)
{
    if (more == 0)
        return chain;
    uint32_t before = chains->links[more].before; /* as deep as there are kinds of rules and maps */
    return geo_chain_add(chains, geo_chain_join(chains, chain, before), chains->links[more].child);
}
