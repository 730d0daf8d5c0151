/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_file.h"

#include "config/zone_scan.h"

bool zone_source_read(const struct zone_source *source, const struct dns_name *apex, struct zone_edit *edit,
                      struct problems *problems)
{
    struct zone_data data;
    struct error err;
    if (!zone_data_open(source->text, source->size, &data, &err)) {
        problems_add(problems, source->file, 1, 0, "", "%s", err.text);
        return false;
    }
    struct zone_records *records = zone_records_new(apex, edit, problems);
    const struct zone_data_part *part = &data.parts[0];
    uint32_t origin = zone_records_origin(records, part->file != NULL ? part->file : source->file, 1);
    zone_scan(records, apex, &data, part, origin);
    bool is_good = zone_records_put(records);
    zone_records_free(records);
    zone_data_close(&data);
    return is_good;
}
