/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* cmocka wants these in front of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
