/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/token_body.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document document;
    struct problems problems = { 0 };
    struct tokens tokens = { 0 };
    if (document_scan(NULL, (const char *)data, size, &problems, &document)) {
        token_body_parse(&document, 0, &problems, &tokens);
        document_free(&document);
    }
    tokens_free(&tokens);
    problems_free(&problems);
    return 0;
}
