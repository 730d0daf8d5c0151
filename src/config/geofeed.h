/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/problems.h"

/**
 * Turns a geofeed (RFC 8805) into the JSON of an object of locations.  A line is
 *
 *     network, country, subdivision, city, postal code, latitude, longitude, AS number
 *
 * of which all but the first may be empty or missing; the last three are our own, the postal code and what
 * follows the AS number are passed over.  "#" starts a comment.  A line of nothing but a network says that it
 * is nowhere.  NULL with a problem for each line that makes no sense.  The caller frees it.
 */
char *geofeed_to_json(const char *file, const char *text, size_t size, struct problems *problems,
                      size_t *json_size);
