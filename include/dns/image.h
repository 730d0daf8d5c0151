/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/name.h"
#include "dns/rrset.h"
#include "dns/type.h"

/*
 * How an RRset that leads to other names stands in a reply, right behind the question for its owner: its
 * names compressed against the question and each other, and where those of them are that lie in the zone, its
 * targets.  It depends on the RRset alone; what is known of the targets is looked up by the query.
 *
 *     header | target … | offset … | bytes …
 *
 * Of types whose names are not compressed the bytes are those of the RRset, and not repeated.  The offsets
 * are those of all pointers in the bytes.  If the question is for a name below the owner they all lead as
 * much too short as that name is longer.
 */
struct dns_image_target {
    uint16_t name_at; /* in the RRset's wire: the name, which is in lowercase */
    uint16_t pointer; /* to the name; if that does not stand in the reply yet, to what ends it */
    uint8_t size;     /* of the name, without the apex */
    uint8_t own_size; /* of what stands in front of the pointer; 0: the name stands in the reply */
    bool is_below;    /* at or below the cut that the RRset makes */
    bool is_owner;    /* the owner itself, which need not stand at `name_at`: of SVCB "." is it */
    uint8_t hash[8];  /* dns_name_hash of the `size` bytes */
};

struct dns_image {
    uint16_t type;
    uint16_t room; /* of all of it, a multiple of four */
    uint16_t size; /* of the bytes; 0: they are those of the RRset */
    uint8_t target_count;
    uint8_t pointer_count;
    struct dns_image_target targets[];
};

#define DNS_IMAGE_RECORDS 13 /* the root has so many servers */
#define DNS_IMAGE_SIZE    1232
#define DNS_IMAGE_ROOM    (DNS_IMAGE_SIZE + 16 + DNS_IMAGE_RECORDS * (sizeof(struct dns_image_target) + 4))

/** True for types of which there may be images. */
static inline bool dns_image_is_of(uint16_t type)
{
    const uint64_t types = UINT64_C(1) << DNS_NS | UINT64_C(1) << DNS_CNAME | UINT64_C(1) << DNS_PTR |
                           UINT64_C(1) << DNS_MX | UINT64_C(1) << DNS_SRV;
    return type < 64 ? (types >> type & 1) != 0 : dns_type_is_binding(type);
}

static inline const uint8_t *dns_image_offsets(const struct dns_image *image)
{
    return (const uint8_t *)(image->targets + image->target_count);
}

/** The bytes of the image of `rrset`. */
static inline const uint8_t *dns_image_bytes(const struct dns_image *image, const struct dns_rrset *rrset)
{
    return image->size > 0 ? dns_image_offsets(image) + 2 * (size_t)image->pointer_count : rrset->wire;
}

static inline size_t dns_image_size(const struct dns_image *image, const struct dns_rrset *rrset)
{
    return image->size > 0 ? image->size : rrset->size;
}

/**
 * Makes the image of an RRset at `owner` in the zone at `apex`, in DNS_IMAGE_ROOM bytes.  `is_cut` says that
 * it is the NS RRset of a zone cut, of which the servers below the cut come first (RFC 9471).  Returns its
 * room; 0: there is none, as it is too large, or its owner is a wildcard, or a target has capitals.  Control
 * plane.
 */
size_t dns_image_make(const struct dns_name *owner, const struct dns_name *apex, bool is_cut,
                      const struct dns_rrset *rrset, struct dns_image *out);
