/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "config/settings.h"
#include "store/store.h"

/* What is known of the head when files are looked at. */
struct import_head {
    uint64_t generation;
    enum store_origin origin;
    const char *digest; /* of the files of the last import, or NULL */
};

enum import_verdict {
    IMPORT_NOTHING, /* the files say what the head says, or what was imported before people wrote through the
                       API */
    IMPORT_CHANGES, /* `changes` make the head equal to the files */
    IMPORT_INVALID, /* the files have errors: problems */
    IMPORT_REFUSED, /* the files changed, but people have written through the API since: err, set only here,
                       says what decides */
};

/**
 * Looks at steering.json and the master files it names and says what to do (design: who wins).  `digest`
 * (caller frees) is set unless INVALID.
 */
enum import_verdict import_files(const struct settings *settings, const struct compiler *compiler,
                                 const struct import_head *head, struct objects *changes, char **digest,
                                 struct problems *problems, struct error *err);

/** What an import with errors (sorted) comes to, in one line: for who asked for it. */
void import_sum_up(const struct settings *settings, const struct problems *problems, struct error *err);
