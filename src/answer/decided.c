/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/decided.h"

#include "answer/assembly.h"
#include "dns/draft.h"

#include <string.h>

/* A reply on its way, and who is asked. */
struct decided {
    struct ready *ready;
    const struct service *service;
    struct dns_draft draft;
    struct dns_name target; /* of an alias */
};

/* What its OPT says about the service; NULL: nothing, or there is no OPT. */
static const char *error_text(const struct ready *ready)
{
    if (!ready->is_decided || !ready->decision.is_all_down || !ready->query->edns.is_present)
        return NULL;
    return assembly_all_down_text(&ready->decision);
}

size_t decided_add_error(const struct ready *ready, uint8_t *out, size_t size)
{
    const char *text = error_text(ready);
    return text != NULL ? dns_ready_add_error(ready->query, EDE_OTHER, text, out, size) : size;
}

static void deny(struct decided *decided)
{
    const struct zone *zone = decided->ready->match->zone;
    dns_draft_deny(&decided->draft, zone_negative(zone), zone_apex(zone)->size);
}

/* False: it leads to a zone of ours, and the answer goes on there. */
static bool add_alias(struct decided *decided)
{
    const struct ready *ready = decided->ready;
    const struct decision *decision = &ready->decision;
    const uint8_t *target = endpoint_more(decision->endpoints[0])->hostname;
    if (target == NULL)
        return false;
    dns_name_from_wire(target, &decided->target);
    if (ready->query->qtype != DNS_CNAME &&
        zone_set_find(ready->now->dataset->zones, &decided->target, false) != NULL)
        return false;
    dns_draft_add_name(&decided->draft, DNS_ANSWER, DNS_DRAFT_QNAME, DNS_CNAME, decision->ttl_s, NULL, 0,
                       target, &decided->target);
    return true;
}

static struct addresses_now addresses_now(const struct decided *decided)
{
    const struct ready *ready = decided->ready;
    if (decided->service->has_names)
        answerer_know_time(ready->answerer);
    return (struct addresses_now){ ready->now->conditions, ready->random, ready->answerer->now_us };
}

static void add_binding(struct decided *decided, const struct service_binding *binding)
{
    uint8_t rdata[BINDING_RDATA_MOST];
    const uint8_t *only = rdata;
    uint32_t ttl_s;
    const struct addresses_now now = addresses_now(decided);
    const size_t size = assembly_make_binding(binding, &now, &decided->ready->decision, rdata, &ttl_s);
    dns_draft_add_made(&decided->draft, DNS_DRAFT_QNAME, decided->ready->query->qtype, ttl_s, &only, size, 1);
}

static void add_addresses(struct decided *decided)
{
    const uint16_t qtype = decided->ready->query->qtype;
    const bool is_v4 = qtype == DNS_A;
    struct addresses addresses;
    const struct addresses_now now = addresses_now(decided);
    addresses_collect(&now, &decided->ready->decision, is_v4 ? FAMILY_V4 : FAMILY_V6, &addresses);
    if (addresses.count > 0)
        dns_draft_add_made(&decided->draft, DNS_DRAFT_QNAME, qtype, addresses.ttl_s, addresses.rdatas,
                           is_v4 ? 4 : 16, addresses.count);
    else
        deny(decided);
}

/* False: it is to be put together otherwise. */
static bool add_decided(struct decided *decided)
{
    const struct ready *ready = decided->ready;
    const struct service_binding *binding = assembly_binding_of(decided->service, ready->query->qtype);
    if (ready->decision.outcome == STEER_SERVFAIL)
        return false;
    if (ready->decision.outcome != STEER_ENDPOINTS)
        deny(decided);
    else if (decided->service->is_cname)
        return add_alias(decided);
    else if (binding != NULL)
        add_binding(decided, binding);
    else
        add_addresses(decided);
    return true;
}

/* What the policy decides for the type, once and for all. */
static size_t answer_decided(struct ready *ready, const struct service *service, struct ready_room room)
{
    struct decided decided;
    decided.ready = ready;
    decided.service = service;
    ready_decide(ready, service);
    const char *text = error_text(ready);
    const size_t error_size = text != NULL ? DNS_READY_ERROR_SIZE + strlen(text) : 0;
    dns_draft_begin_plain(&decided.draft, ready->query, room.out, room.limit - error_size);
    if (!add_decided(&decided))
        return 0;
    const size_t size =
        dns_draft_end_plain(&decided.draft, DNS_FLAG_AA, ready_edns(ready->answerer, ready_scope_len(ready)));
    if (ready_count(ready->answerer, ready->query, DNS_NOERROR, size) > 0)
        ready_count_traffic(ready, service);
    return size;
}

size_t decided_answer(struct ready *ready, const struct service *service, struct ready_room room)
{
    const struct dns_query *query = ready->query;
    const bool is_ranked = (query->qtype == DNS_MX && service->more->mx != NULL) ||
                           (query->qtype == DNS_SRV && service->more->srv != NULL);
    if (!ready_is_usual(query, ready->match) || ready_is_meta(query->qtype) || is_ranked)
        return 0;
    if (assembly_steers(service, query->qtype))
        return answer_decided(ready, service, room);
    const size_t size = ready_stored(ready->answerer, query, ready->match, room.out);
    return size > 0 ? size : ready_leading(ready, room);
}
