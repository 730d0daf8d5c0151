/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/presentation.h"

#include "base/memory.h"
#include "base/text.h"

#include <libknot/libknot.h>

#include <stdlib.h>

#define SIZE_USUAL ((size_t)1024)
#define SIZE_MOST  ((size_t)1 << 20) /* more than any rdata needs */

/* NULL if it does not fit or is broken. */
static char *dump(const knot_rrset_t *rrset, size_t room)
{
    knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
    style.wrap = false;
    style.now = 0;
    char *text = xcalloc(1, room);
    if (knot_rrset_txt_dump_data(rrset, 0, text, room, &style) >= 0)
        return text;
    free(text);
    return NULL;
}

static char *generic(const uint8_t *rdata, uint16_t size)
{
    struct text text = { 0 };
    text_printf(&text, "\\# %u%s", size, size > 0 ? " " : "");
    for (uint16_t i = 0; i < size; i++)
        text_printf(&text, "%02x", rdata[i]);
    return text_take(&text);
}

char *presentation_of(uint16_t type, const uint8_t *rdata, uint16_t size)
{
    static const knot_dname_t root[] = { 0 };
    knot_rrset_t rrset;
    char *text = NULL;
    knot_rrset_init(&rrset, (knot_dname_t *)(uintptr_t)root, type, KNOT_CLASS_IN, 0);
    if (knot_rrset_add_rdata(&rrset, rdata, size, NULL) == KNOT_EOK)
        text = dump(&rrset, SIZE_USUAL);
    if (text == NULL && rrset.rrs.count > 0)
        text = dump(&rrset, SIZE_MOST);
    knot_rdataset_clear(&rrset.rrs, NULL);
    return text != NULL ? text : generic(rdata, size);
}
