/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone_images.h"

#include <assert.h>

size_t zone_images_write(const struct stage *stage, const struct stage_name *at, uint8_t *out)
{
    union {
        struct dns_image image;
        uint8_t room[DNS_IMAGE_ROOM];
    } made;
    uint32_t size = 0;
    struct dns_name owner;
    stage_name_owner(stage, at, &owner);
    struct stage_walk walk = stage_walk_begin(stage, at);
    const struct dns_rrset *rrset;
    while ((rrset = stage_walk_next(&walk)) != NULL) {
        const bool is_cut = rrset->type == DNS_NS && at != stage->names;
        const size_t room = dns_image_is_of(rrset->type)
                                ? dns_image_make(&owner, &stage->apex, is_cut, rrset, &made.image)
                                : 0;
        if (out != NULL)
            memcpy(out + size, &made, room);
        size += (uint32_t)room;
    }
    if (size == 0)
        return 0;
    if (out != NULL)
        memcpy(out + size, &size, sizeof size);
    return size + sizeof size;
}
