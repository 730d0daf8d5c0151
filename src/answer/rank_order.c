/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/rank_order.h"

#include "base/factor.h"
#include "dns/name.h"

#include <string.h>

#define WEIGHT_MOST 65535

bool rank_order_add(struct rank_order *order, const struct endpoint *endpoint, unsigned rank, double share)
{
    if (endpoint_more(endpoint)->hostname == NULL || order->count == CHOICE_MAX)
        return false;
    order->items[order->count++] = (struct ranked){ endpoint, rank, share };
    return true;
}

static double sum_of_rank(const struct rank_order *order, unsigned begin, unsigned rank)
{
    double sum = 0;
    for (unsigned i = begin; i < order->count; i++)
        sum += order->items[i].rank == rank ? order->items[i].share : 0;
    return sum;
}

void rank_order_scale(struct rank_order *order, unsigned begin, double share)
{
    double factors[CHOICE_MAX];
    for (unsigned i = begin; i < order->count; i++) {
        double sum = sum_of_rank(order, begin, order->items[i].rank);
        factors[i] = sum > 0 ? share / sum : 0;
    }
    for (unsigned i = begin; i < order->count; i++)
        order->items[i].share *= factors[i];
}

/* By rank; those of one rank stay as they came. */
static void sort(struct rank_order *order)
{
    for (unsigned i = 1; i < order->count; i++) {
        struct ranked item = order->items[i];
        unsigned at = i;
        for (; at > 0 && order->items[at - 1].rank > item.rank; at--)
            order->items[at] = order->items[at - 1];
        order->items[at] = item;
    }
}

static bool is_same_name(const struct endpoint *a, const struct endpoint *b)
{
    size_t size = dns_name_wire_size(endpoint_more(a)->hostname);
    return size == dns_name_wire_size(endpoint_more(b)->hostname) &&
           memcmp(endpoint_more(a)->hostname, endpoint_more(b)->hostname, size) == 0;
}

/* Several endpoints may have one name: the first place counts, with the shares of that rank. */
static void merge(struct rank_order *order)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < order->count; i++) {
        unsigned same = 0;
        while (same < kept && !is_same_name(order->items[same].endpoint, order->items[i].endpoint))
            same++;
        if (same == kept)
            order->items[kept++] = order->items[i];
        else if (order->items[same].rank == order->items[i].rank)
            order->items[same].share += order->items[i].share;
    }
    order->count = kept;
}

static bool is_whole(double number)
{
    return number >= 1 && number <= WEIGHT_MOST && number == (double)(uint32_t)number;
}

/* Shares that are whole numbers are the weights; others are scaled up to what 16 bits hold. */
static void weigh(const struct rank_order *order, unsigned begin, unsigned end, uint16_t *weights)
{
    double largest = 0;
    bool are_whole = true;
    uint32_t factor = 0;
    for (unsigned i = begin; i < end; i++) {
        are_whole &= is_whole(order->items[i].share);
        largest = order->items[i].share > largest ? order->items[i].share : largest;
    }
    for (unsigned i = begin; i < end; i++) {
        double share = order->items[i].share;
        uint32_t weight =
            are_whole || largest <= 0 ? (uint32_t)share : (uint32_t)(share / largest * WEIGHT_MOST + 0.5);
        weights[i] = (uint16_t)(weight > 0 ? weight : 1); /* 0 would hardly ever be chosen (RFC 2782) */
        factor = common_factor(weights[i], factor);
    }
    for (unsigned i = begin; i < end; i++)
        weights[i] = (uint16_t)(weights[i] / factor);
}

void rank_order_write(struct rank_order *order, struct ranking *out)
{
    sort(order);
    merge(order);
    unsigned begin = 0, rank = 0;
    for (unsigned i = 0; i < order->count; i++) {
        bool is_last = i + 1 == order->count || order->items[i + 1].rank != order->items[i].rank;
        out->decision.endpoints[i] = order->items[i].endpoint;
        out->ranks[i] = (uint16_t)rank;
        if (!is_last)
            continue;
        weigh(order, begin, i + 1, out->weights);
        begin = i + 1;
        rank++;
    }
    out->decision.count = (uint16_t)order->count;
}
