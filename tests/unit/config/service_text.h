/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "config/model.h"

/* All that was parsed of a service, as a text: equal texts mean equal services. */

static inline void put_node(struct text *out, const struct declared_node *node);

static inline const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static inline void put_bytes(struct text *out, const char *what, const uint8_t *bytes, size_t size)
{
    text_printf(out, " %s ", what);
    for (size_t i = 0; i < size; i++)
        text_printf(out, "%02x", bytes[i]);
}

static inline void put_strings(struct text *out, const char *what, char *const *strings, size_t count)
{
    text_printf(out, " %s", what);
    for (size_t i = 0; i < count; i++)
        text_printf(out, " \"%s\"", strings[i]);
}

static inline void put_endpoint(struct text *out, const struct declared_endpoint *endpoint)
{
    text_printf(out, "(%s families %u", endpoint->name, endpoint->families);
    put_bytes(out, "v4", endpoint->ipv4, sizeof endpoint->ipv4);
    put_bytes(out, "v6", endpoint->ipv6, sizeof endpoint->ipv6);
    text_printf(out, " %s weight %u capacity %u shed %u ramp %u hold %u at %d %g %g",
                or_none(endpoint->hostname), endpoint->weight, endpoint->capacity, endpoint->shed,
                endpoint->ramp_ms, endpoint->hold_ms, endpoint->at.is_known, (double)endpoint->at.latitude,
                (double)endpoint->at.longitude);
    put_strings(out, "checks", endpoint->checks, endpoint->check_count);
    text_puts(out, ")");
}

static inline void put_target(struct text *out, const struct declared_target *target)
{
    text_printf(out, "[%d %s ", target->kind, or_none(target->pointer));
    if (target->kind == TARGET_NAME)
        text_puts(out, target->name);
    else if (target->kind == TARGET_NODE)
        put_node(out, target->node);
    else if (target->kind == TARGET_ENDPOINT)
        put_endpoint(out, target->endpoint);
    text_puts(out, "]");
}

static inline void put_node(struct text *out, const struct declared_node *node)
{
    text_printf(out, "%s answers %u healthy %u%s", node->policy->name, node->answers, node->min_healthy.value,
                node->min_healthy.is_percent ? "%" : "");
    for (size_t i = 0; i < node->count; i++) {
        const struct declared_child *child = &node->children[i];
        text_printf(out, " {%s weight %u shed %u bias %d ", or_none(child->rule), child->weight, child->shed,
                    child->bias);
        put_target(out, &child->to);
        text_puts(out, "}");
    }
}

static inline void put_binding(struct text *out, const char *what, const struct declared_binding *binding)
{
    text_printf(out, "\n%s %u port %u target %s ech %s only %d", what, binding->priority, binding->port,
                or_none(binding->target), or_none(binding->ech), binding->has_no_default_alpn);
    put_strings(out, "alpn", binding->alpn, binding->alpn_count);
    put_strings(out, "mandatory", binding->mandatory, binding->mandatory_count);
}

static inline void put_names(struct text *out, const char *what, const struct declared_names *names)
{
    text_printf(out, "\n%s first %u step %u port %u ", what, names->first, names->step, names->port);
    put_target(out, &names->policy);
}

/* The caller frees it. */
static inline char *service_text(const struct declared_service *service)
{
    struct text out = { 0 };
    text_printf(&out, "ttl %u min %u failover %u says %d %d down %u ecs %d affinity %d\n", service->ttl_s,
                service->min_ttl_s, service->failover_ms, service->says_ttl, service->says_min_ttl,
                service->when_all_down, service->uses_ecs, service->has_affinity);
    put_target(&out, &service->policy);
    put_target(&out, &service->sorry);
    put_binding(&out, "https", &service->https);
    put_binding(&out, "svcb", &service->svcb);
    put_names(&out, "mx", &service->mx);
    put_names(&out, "srv", &service->srv);
    return text_take(&out);
}
