//! The JSON schemas, embedded.

/// The schemas of queues and of the output; each is also a file in `schemas/`.
pub(super) const SCHEMAS: [(&str, &str); 22] = [
    ("agents", include_str!("../../schemas/agents.schema.json")),
    ("blockers", include_str!("../../schemas/blockers.schema.json")),
    ("board", include_str!("../../schemas/board.schema.json")),
    ("check", include_str!("../../schemas/check.schema.json")),
    ("diff", include_str!("../../schemas/diff.schema.json")),
    ("doctor", include_str!("../../schemas/doctor.schema.json")),
    ("event", include_str!("../../schemas/event.schema.json")),
    ("explain", include_str!("../../schemas/explain.schema.json")),
    ("graph", include_str!("../../schemas/graph.schema.json")),
    ("land", include_str!("../../schemas/land.schema.json")),
    ("log", include_str!("../../schemas/log.schema.json")),
    ("next", include_str!("../../schemas/next.schema.json")),
    ("plan", include_str!("../../schemas/plan.schema.json")),
    ("prompt", include_str!("../../schemas/prompt.schema.json")),
    ("queue", include_str!("../../schemas/queue.schema.json")),
    ("report", include_str!("../../schemas/report.schema.json")),
    ("result", include_str!("../../schemas/result.schema.json")),
    ("since", include_str!("../../schemas/since.schema.json")),
    ("status", include_str!("../../schemas/status.schema.json")),
    ("stuck", include_str!("../../schemas/stuck.schema.json")),
    ("why", include_str!("../../schemas/why.schema.json")),
    ("workspace", include_str!("../../schemas/workspace.schema.json")),
];
