/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/router.h"

/* What the OpenAPI document says of a parameter, in the path or the query: a row a name. */
struct parameter {
    const char *name;
    bool is_in_path;
    bool is_required;     /* in the query; in the path all are */
    const char *below;    /* only on routes whose path begins so; NULL: everywhere */
    const char *type;     /* as form.h writes types */
    const char *example;  /* on the configuration that the contract test serves; NULL in the query: none */
    const char *to_spare; /* the example where it is taken away; NULL: the same */
    const char *doc;
};

/** The row for that name on that route, or NULL. */
const struct parameter *parameter_find(const struct route *route, bool is_in_path, const char *name);

/** The example's value on that route. */
const char *parameter_example(const struct parameter *parameter, const struct route *route);
