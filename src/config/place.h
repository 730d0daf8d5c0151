/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "snapshot/geo.h"

/* How places are written by people. */
#define PLACE_CITY_MAX (sizeof(((struct location *)0)->city) - 1)

/** One of the seven continents' codes, "EU". */
bool place_accept_continent(const char *text, struct error *err);
/** An ISO 3166-1 code in use, "DE". */
bool place_accept_country(const char *text, struct error *err);
/** An ISO 3166-2 code with its country, "US-CA". */
bool place_accept_subdivision(const char *text, struct error *err);
