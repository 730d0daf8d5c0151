/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/* A service of a zone under work.  `before == after`: it stays, but the zone is made anew around it. */
struct zone_service {
    struct item *before, *after; /* NULL: new; NULL: it goes */
};

/* What a change does to one zone. */
struct zone_work {
    struct item *before, *after; /* of the zone; NULL: new; NULL: it goes */
    bool is_rebuilt;             /* its records are read again */
    struct dns_name apex;
    struct zone_edit *edit; /* NULL while there is nothing to edit */
    struct zone_service *services;
    size_t service_count, service_room;
};

/** Reads the zone's records into the edit; errors are noted (zone_compile.c). */
void zone_compile_records(struct build *build, struct zone_work *work);

/** The whole zone goes, with what says who may ask it. */
void zone_replace(struct edition *edition, const struct zone *zone);

/** Where the service stands: false with an error if `name` has no owner in the zone. */
bool service_owner(struct build *build, const struct zone_work *work, const struct object *said,
                   struct dns_name *out);
/** Takes away a service that goes (service_compile.c). */
void service_remove(struct build *build, struct zone_work *work, struct item *before);
/** Compiles a new or kept service and puts it into the edit. */
void service_compile(struct build *build, struct zone_work *work, struct zone_service *service);
