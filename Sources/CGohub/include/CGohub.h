// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include "gohub_clock.h"
#include "gohub_memory.h"
#include "gohub_process.h"
#include "gohub_semaphore.h"
#include "gohub_socket.h"
#include "gohub_thread.h"
#include "gohub_wake.h"
