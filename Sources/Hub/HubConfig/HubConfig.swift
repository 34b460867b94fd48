// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What can be set from outside: typed, checked, and with every fault named at once.
///
/// ```
/// ConfigurationKey.all ──────────────────────────► ConfigurationReference: default file, page
///        │ one table: path, place, domain, purpose
///        ▼
/// defaults ─► file (YAMLParser ► YAMLDocument) ─► environment ─► flags ─► contradictions
///        └──────────────────── ConfigurationDraft ─────────────────────────┘
///                                     │
///            Configuration  ◄─────────┴─────────►  ConfigurationError: file:line, key, what, allowed, hint
/// ```
///
/// To add a key: a `var` with its default in ``Configuration``, one entry in ``ConfigurationKey/all``, then write
/// `configs/config.yaml` and the page anew (the tests say how). Nothing but the executable reads a configuration; the parts get
/// values.
enum HubConfigOverview {}
