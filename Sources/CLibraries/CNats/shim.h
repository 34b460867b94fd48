// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <nats/nats.h>
