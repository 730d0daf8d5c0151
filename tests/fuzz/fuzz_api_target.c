/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/target.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target;
    struct error err;
    char *raw = xstrndup((const char *)data, size);
    if (target_parse(raw, &target, &err))
        target_clear(&target);
    free(raw);
    return 0;
}
