/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct zone_source source = { "fuzz.zone", (const char *)data, size };
    struct edition edition = { 0 };
    struct problems problems = { 0 };
    struct dns_name apex;
    dns_name_parse("example.com.", NULL, &apex);
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    if (zone_source_read(&source, &apex, edit, &problems))
        zone_edit_end(edit);
    else
        zone_edit_abandon(edit);
    edition_abandon(&edition);
    problems_free(&problems);
    return 0;
}
