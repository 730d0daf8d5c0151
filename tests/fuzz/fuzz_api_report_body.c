/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/report_body.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document document;
    struct problems problems = { 0 };
    if (document_scan(NULL, (const char *)data, size, &problems, &document)) {
        struct command *command = command_new(COMMAND_CHECK_REPORT);
        report_body_parse(&document, 1, &problems, command);
        command_free(command);
        document_free(&document);
    }
    problems_free(&problems);
    return 0;
}
