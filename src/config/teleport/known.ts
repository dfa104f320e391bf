/** Names that tell what a file is. Source: Teleport's lib/config and api/types. */

/** Top-level keys of teleport.yaml. */
export const SECTIONS: readonly string[] = [
  "version",
  "teleport",
  "auth_service",
  "ssh_service",
  "proxy_service",
  "kubernetes_service",
  "app_service",
  "db_service",
  "metrics_service",
  "windows_desktop_service",
  "tracing_service",
  "discovery_service",
  "okta_service",
  "jamf_service",
  "plugin_service",
  "access_graph",
  "debug_service",
];

/** Kinds of resources that are like ours in name only. */
export const OTHER_KINDS: ReadonlySet<string> = new Set([
  "cluster_name",
  "cluster_config",
  "cluster_alert",
  "cluster_audit_config",
  "cluster_maintenance_config",
  "session_recording_config",
  "autoupdate_config",
  "ui_config",
  "rule",
  "login_rule",
]);
