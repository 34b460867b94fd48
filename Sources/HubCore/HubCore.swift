// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// See the folder's types; this page is written with them.
enum HubCoreOverview {}
