/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stddef.h>

/*
 * What is configured, as people name it:
 *
 *     checks/web pools/us policies/anywhere maps/offices zones/example.com    one ("pool/us" is understood)
 *     services/example.com/www                                                one, by zone and owner
 *     config                                                                  all of it
 */

/** The path in the API, to be freed; NULL: `err` says what is wrong with the name. */
char *object_path(const char *name, struct error *err);

/** The path of a list: "pools", "services/example.com". */
char *object_list_path(const char *name, struct error *err);

/** The path of the services of a zone. */
char *object_list_path_of_zone(const char *apex);
