/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A file on its way from a server, with the digest that tells whether it came whole. */
struct evp_md_ctx_st;

struct download {
    int fd;
    struct evp_md_ctx_st *context;
    uint64_t size;
    int write_error;    /* errno of the file; 0: none */
    char announced[64]; /* by the server, in base64 */
};

/** Bytes go to `fd`.  download_end in any case. */
bool download_begin(struct download *download, int fd);
bool download_take(struct download *download, const char *bytes, size_t size);
void download_take_header(struct download *download, const char *line, size_t size);
/** False: it is not what the server announced. */
bool download_end(struct download *download, struct error *err);
