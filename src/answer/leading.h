/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/ready.h"

/* Answers that lead to other names, of RRsets that have an image (dns/image.h), and large ones. */

/** The whole reply to a plain query that all may ask, of class IN, to which there is a referral, or whose
 * name has no service for the type; its labels need not be known.  Returns its size; 0: it is to be drafted
 * or assembled.
 */
size_t leading_answer(const struct ready *ready, struct ready_room room);
