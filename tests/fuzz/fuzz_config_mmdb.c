/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/mmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], *paths[] = { path, path };
    int fd = memfd_create("mmdb", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct geo *geo = NULL;
    struct error err;
    if (mmdb_load(paths, 2, &geo, &err)) /* twice, so that merging is met as well */
        geo_free(geo);
    close(fd);
    return 0;
}
