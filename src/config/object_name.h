/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/** A copy of `name` that lives as long as the process: there are very few steering files.  NULL for NULL. Any
 * thread. */
const char *object_file_name(const char *name);
