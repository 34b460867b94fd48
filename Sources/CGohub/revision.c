// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#include "gohub_process.h"

#ifndef GOHUB_REVISION
#define GOHUB_REVISION "unknown"
#endif

const char *gohub_revision(void) { return GOHUB_REVISION; }
