/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/writer.h"

/** Writes the member "schemas": config's tables and the forms of the API. */
void openapi_put_schemas(struct writer *json);
