#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same tests at length: five minutes a fuzz target, more kills, 10,000,000 mutated packets and 200,000 questions that
# NSD and Knot are asked, too.  STEERD_MUTATED_PACKETS, STEERD_DIFFERENTIAL_WORLDS and STEERD_DIFFERENTIAL_QUESTIONS set
# other numbers, with this script and with run.sh.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" --long "$@"
