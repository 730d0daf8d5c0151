/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "cli/options.h"

#include <cjson/cJSON.h>

/*
 * Where the server is, and how to speak to it: what the command line says, else the profile that it names,
 * or that the file names, else the environment, else the usual.  The file is $STEERCTL_CONFIG, or
 * steerctl.json in $XDG_CONFIG_HOME or ~/.config:
 *
 *     { "profile": "prod",
 *       "profiles": { "prod": { "url": "https://ns1.example.net:8053", "token_file": "~/.steerd/prod",
 *                               "ca": "…", "cert": "…", "key": "…" } } }
 */
struct place {
    char *url, *token_file, *ca, *cert, *key; /* NULL but for url: nobody says */
};

bool place_find(const struct options *options, struct place *out, struct error *err);
void place_clear(struct place *place);

/** Reads the text of such a file, which messages call `name`; `out` is to be freed. */
bool place_parse(const char *name, const char *text, cJSON **out, struct error *err);

/** The profiles of the file, a JSON object to be freed; NULL if there are none or the file is bad. */
cJSON *place_profiles(void);
