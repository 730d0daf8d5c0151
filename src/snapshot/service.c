/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/service.h"

const struct service_more service_plain = { .failover_ms = 0 };
