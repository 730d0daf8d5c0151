/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/** The command that lists the things which a path of the API names. */
const char *complaint_lists(const char *path);
