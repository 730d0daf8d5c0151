/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"
#include "snapshot/service.h"

/** Writes what all HTTPS RRs of a service begin with; returns the size, 0 without an option "https". */
uint16_t service_https_write(const struct declared_service *declared, uint8_t out[SERVICE_HTTPS_SIZE_MAX]);
