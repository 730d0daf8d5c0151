/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"
#include "reader.h"
#include "snapshot/service.h"

#define ECH_SIZE_MOST 1024
#define ECH_TEXT_MOST 1368 /* the same in base64 */

/** An ECHConfigList in base64 (RFC 9460 §14.3.2, its own length in front). */
bool ech_accept(const char *text, struct error *err);
/** A key that may be mandatory: hints come and go with health and may not. */
bool mandatory_accept(const char *text, struct error *err);

/** What the options say together: mandatory keys are there, and once. */
void binding_check(struct reader *reader, const char *key, const struct declared_binding *declared);

/** Writes what all RRs of the service have in common; returns the size of the struct with its bytes, 0
 * without the option.  `out` has room for SERVICE_BINDING_SIZE_MAX bytes. */
size_t binding_write(const struct declared_binding *declared, struct service_binding *out);
