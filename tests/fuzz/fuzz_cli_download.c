/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header lines of a server. */
#include "cli/download.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct download download = { .fd = -1 };
    char *line = malloc(size > 0 ? size : 1); /* exactly as long as it is, and not ended by a NUL */
    if (size > 0)
        memcpy(line, data, size);
    download_take_header(&download, line, size);
    if (strlen(download.announced) >= sizeof download.announced)
        abort();
    free(line);
    return 0;
}
