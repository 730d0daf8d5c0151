/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in ?place= and ?after= of the latency list. */
#include "snapshot/latency_place.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct latency_place place, again;
    char written[LATENCY_PLACE_SIZE], *text = calloc(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    if (latency_place_parse(text, &place)) {
        latency_place_format(&place, written);
        if (!latency_place_parse(written, &again) || latency_place_compare(&place, &again) != 0)
            abort();
    }
    free(text);
    return 0;
}
