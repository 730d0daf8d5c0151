/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/binding.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static char *text_copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

struct check_binding binding_copy(const struct check_binding *from)
{
    struct check_binding copy = *from;
    copy.check = check_acquire(from->check);
    copy.hostname = text_copy(from->hostname);
    copy.endpoint_name = text_copy(from->endpoint_name);
    return copy;
}

void binding_clear(struct check_binding *binding)
{
    check_release(binding->check);
    free(binding->hostname);
    free(binding->endpoint_name);
    *binding = (struct check_binding){ 0 };
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool codes_equal(const struct check *a, const struct check *b)
{
    if (a->code_count != b->code_count)
        return false;
    for (size_t i = 0; i < a->code_count; i++)
        if (a->codes[i].low != b->codes[i].low || a->codes[i].high != b->codes[i].high)
            return false;
    return true;
}

static bool check_equal(const struct check *a, const struct check *b)
{
    return a == b ||
           (text_equal(a->name, b->name) && a->type == b->type && a->interval_ms == b->interval_ms &&
            a->timeout_ms == b->timeout_ms && a->rise == b->rise && a->fall == b->fall &&
            a->port == b->port && text_equal(a->target_host, b->target_host) &&
            text_equal(a->path, b->path) && text_equal(a->method, b->method) &&
            text_equal(a->host_header, b->host_header) && text_equal(a->sni, b->sni) &&
            text_equal(a->body_contains, b->body_contains) && text_equal(a->ca_file, b->ca_file) &&
            a->verify == b->verify && codes_equal(a, b) && a->jitter_percent == b->jitter_percent);
}

bool binding_equal(const struct check_binding *a, const struct check_binding *b)
{
    return address_equal(&a->address, &b->address) && text_equal(a->hostname, b->hostname) &&
           check_equal(a->check, b->check);
}
