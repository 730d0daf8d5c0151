/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/place.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *file;
    struct error err;
    char *text = xstrndup((const char *)data, size);
    if (place_parse("steerctl.json", text, &file, &err))
        cJSON_Delete(file);
    free(text);
    return 0;
}
