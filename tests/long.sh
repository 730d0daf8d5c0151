#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same tests at length: five minutes a fuzz target, 100,000 mutated packets, more kills.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" --long "$@"
