/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/object.h"

/*
 * A scope bounds what somebody sees and changes: lines "pool NAME", "zone NAME" and "check NAME"; NULL and ""
 * are everything.  Names of zones are compared without case and without their final dot.
 *
 * A line "but NAME" names a zone that lies below one of the scope and is not in it: the longest zone around
 * a name decides.  Nobody writes such lines into a token; they come from the zones that there are.
 */

bool scope_is_everything(const char *scope);
bool scope_has_pool(const char *scope, const char *pool);
bool scope_has_zone(const char *scope, const char *zone);
bool scope_has_check(const char *scope, const char *check);
/** True if the name is inside a zone of the scope. */
bool scope_has_name(const char *scope, const char *name);
/** Of a zone also what stands in it.  Policies, maps and locations are in no scope but everything. */
bool scope_has_object(const char *scope, enum object_kind kind, const char *name);

/** "us" or "us/us-east-1", "example.com" or "www.example.com": a pool or a zone, and what is below. */
bool scope_has_subject(const char *scope, const char *subject);

/** Adds "but NAME" to a scope (heap, or NULL) if it matters.  Takes the scope over and returns it. */
char *scope_without(char *scope, const char *zone);

/** Takes away what is outside, texts too. */
void objects_keep_scope(struct objects *objects, const char *scope);
