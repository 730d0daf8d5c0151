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

bool binding_equal(const struct check_binding *a, const struct check_binding *b)
{
    return address_equal(&a->address, &b->address) && text_equal(a->hostname, b->hostname) &&
           check_equal(a->check, b->check);
}
