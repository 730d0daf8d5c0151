/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"
#include "config/zone_records.h"

/* A service of a zone under work.  `before == after`: it stays, but the zone is made anew around it. */
struct zone_service {
    struct item *before, *after; /* NULL: new; NULL: it goes */
};

/* An RRset that lies over a zone under work.  `after` NULL: it goes, and what was below appears. */
struct zone_rrset {
    struct item *before, *after;
    const struct object *said;
    struct declared_rrset *declared; /* of `after`; NULL: not readable */
    struct dns_name owner;
    uint16_t type;
};

/* What a change does to one zone. */
struct zone_work {
    struct item *before, *after; /* of the zone; NULL: new; NULL: it goes */
    bool is_declared;            /* its own object is new or changed */
    bool is_rebuilt;             /* its records are read again */
    bool has_own_soa;            /* rebuilt: the SOA was declared, not made up */
    struct dns_name apex;
    struct zone_edit *edit;       /* NULL while there is nothing to edit */
    struct zone_records *records; /* of file and lines, while they are read; else NULL */
    struct zone_records *overlay; /* of RRsets that lie over them; NULL: none changed */
    struct zone_service *services;
    size_t service_count, service_room;
    struct zone_rrset *rrsets;
    size_t rrset_count, rrset_room;
};

/** True if two versions of a zone's own object differ in what records it has. */
bool zone_is_reseeded(const struct item *before, const struct item *after);
/** Reads what the zone says into the edit, of its records only if it is rebuilt; errors are noted
 * (zone_compile.c). */
void zone_compile(struct build *build, struct zone_work *work);

/** Notes an RRset that changes or is to be laid over a zone that is rebuilt. */
void rrset_add(struct zone_work *work, struct item *before, struct item *after, const struct object *said);
/** Lays all of them over what the edit holds (rrset_compile.c). */
void rrsets_compile(struct build *build, struct zone_work *work);
void rrsets_free(struct zone_work *work);

/** Settles the SOA serial of a zone with all its changes (zone_serial.c). */
void zone_settle_serial(struct build *build, const char *name, struct zone_work *work);
/** The serial goes with its zone. */
void zone_drop_serial(struct build *build, const char *name);

/** Notes a service of the zone. */
void zone_work_add_service(struct zone_work *work, struct item *before, struct item *after);

/** The whole zone goes, with what says who may ask it. */
void zone_replace(struct edition *edition, const struct zone *zone);

/** Where the service stands: false with an error if `name` has no owner in the zone. */
bool service_owner(struct build *build, const struct zone_work *work, const struct object *said,
                   struct dns_name *out);
/** Takes away a service that goes (service_compile.c). */
void service_remove(struct build *build, struct zone_work *work, struct item *before);
/** Compiles a new or kept service and puts it into the edit. */
void service_compile(struct build *build, struct zone_work *work, struct zone_service *service);
