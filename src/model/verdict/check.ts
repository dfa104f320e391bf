/** What curfew checks. A finding names its check, so that it can be followed over time and across hosts. */

/** One kind of statement: its name for reports, and what it says when it passes. */
export interface Check {
  readonly title: string;
  /** One sentence for people who see it fail: why it matters and what to do. */
  readonly help: string;
}

export const CHECKS = {
  "host-judged": {
    title: "The host could be judged",
    help: "A host that cannot be reached or read is never compliant; mend the access and audit again.",
  },
  "sshd-effective": {
    title: "sshd's effective settings are those of the policy",
    help: "sshd -T -C for a real member of the role differs from what the policy asks; run curfew plan and apply.",
  },
  "files-as-rendered": {
    title: "Files on the host are those of the policy",
    help: "The policy would write another content; run curfew plan to see the difference and curfew apply to write it.",
  },
  "files-as-applied": {
    title: "Files are as curfew wrote them",
    help: "Somebody changed or removed a file since curfew wrote it; find out who, then run curfew apply.",
  },
  "change-finished": {
    title: "No change of a run that died is left unfinished",
    help: "A run died before it had tidied up; the next curfew apply or curfew revert brings its change to its end.",
  },
  "edits-merged": {
    title: "No edit waits beside its file",
    help: "Somebody edited a file while a change was in place, which was then taken back; merge the kept copy and remove it.",
  },
  "daemon-current": {
    title: "The running sshd has read the configuration on disk",
    help: "sshd keeps what it read when it was started or last reloaded; validate with sshd -t and reload it.",
  },
  "foreign-setting": {
    title: "Nothing overrides curfew's settings",
    help: "Another file sets the same keyword; remove it there, or let curfew's stand before it.",
  },
  "foreign-timeout": {
    title: "No other file sets TMOUT or autologout",
    help: "A second assignment wins or fails depending on order and readonly; keep one place for it.",
  },
  "lines-kept": {
    title: "No line of somebody's shell files is lost",
    help: "A line that sets TMOUT fails where TMOUT is readonly, and the shell skips lines below it; remove the line, or accept the loss.",
  },
  "version-ability": {
    title: "The host's versions can do what the policy asks",
    help: "This release cannot enforce it; upgrade, choose another control, or accept the wider limit.",
  },
  backstop: {
    title: "Host-wide limits are no looser than the roles'",
    help: "A mechanism that knows one value for the whole host can only back up the stricter ones.",
  },
  "warning-given": {
    title: "Users are warned before the end",
    help: "Only the watchdog can warn; add it to the policy's controls (NIST AC-12(3)).",
  },
  "role-members": {
    title: "Roles and their members are known",
    help: "A misspelt account or group selects no account, and the people meant keep the looser default.",
  },
  "accounts-covered": {
    title: "Every account that can log in has a limit",
    help: "Give the defaults a client_idle_timeout, put the account into a role, or write an exemption.",
  },
  "exemption-active": {
    title: "Exemptions in force",
    help: "These people may stay idle until the exemption expires; its owner is responsible for it.",
  },
  "exemption-current": {
    title: "Exemptions have not expired",
    help: "An expired exemption has no effect; renew it with a reason or remove it.",
  },
  "exemption-used": {
    title: "Exemptions exempt somebody",
    help: "An exemption that matches no account holds for the first account of that name; remove it.",
  },
  "mechanism-works": {
    title: "Every selected mechanism works on this host",
    help: "The setting is there but does nothing on this version or system; see what would end these sessions.",
  },
  "user-overridable": {
    title: "What a service's users can override themselves is known",
    help: "A setting that its users may change is not a sure limit; select the control's watchdog, which ends their idle sessions whatever they set.",
  },
  "session-ends": {
    title: "Idle sessions end within their limit, others are kept",
    help: "curfew explain tells which mechanism ends which kind of session, and what would end the rest.",
  },
  "failed-logins-after-timeout": {
    title: "No repeated failed logins after a timeout",
    help: "Somebody who was not the account's owner may have tried the password of a session that a timeout ended; ask its owner, and look at the addresses.",
  },
  "baseline-rule": {
    title: "The compliance baseline's rule holds",
    help: "The effective number is not what the rule's text asks; see the rule and run curfew apply.",
  },
  "baseline-system": {
    title: "The compliance baseline is one for this system",
    help: "No rule of it was judged here. Where one should be, choose the profile of this system (curfew profiles lists them), or give these hosts a policy of their own. curfew apply does not change this.",
  },
  "kube-session": {
    title: "Cluster sessions end within their limits",
    help: "kubectl uses what is in the kubeconfig until the server refuses it; curfew kube install puts a gate before an exec plugin, and a static credential has to give way to one.",
  },
  "kube-bypass": {
    title: "Nothing bypasses the login program of a cluster user",
    help: "kubectl does not run the exec plugin where the same user has a token, a password or a certificate; remove that from the kubeconfig.",
  },
  "kube-privilege": {
    title: "No cluster user is in system:masters",
    help: "Rights of system:masters cannot be taken away while the certificate is valid; issue one for another group.",
  },
  "kube-tls": {
    title: "Clusters are reached over checked TLS",
    help: "Without it whoever is in between reads the credential; give the cluster a certificate-authority and https.",
  },
  "kube-file": {
    title: "Files with cluster credentials are their owner's alone",
    help: "Whoever can read the file has the session; chmod 600 it, and give it to its owner.",
  },
  "kube-server": {
    title: "The cluster limits and ends what it can",
    help: "curfew help kubernetes says what the API server and the kubelet can end, and which settings have no effect.",
  },
  "teleport-place": {
    title: "Teleport's settings stand where it reads them",
    help: "In another place teleport.yaml keeps Teleport from starting, and a resource loses the key without a word; move it.",
  },
  "teleport-value": {
    title: "Teleport's settings are values that it takes",
    help: "Teleport refuses the whole file or resource for one wrong value; write it as shown.",
  },
  "teleport-limit": {
    title: "Teleport ends idle sessions within the limit",
    help: "Set client_idle_timeout; curfew teleport render writes it from the policy.",
  },
  "teleport-loosens": {
    title: "No Teleport role seems to loosen the cluster's limit",
    help: "The strictest of the cluster and all roles of a user holds; a longer value in a role does nothing.",
  },
  "teleport-lasting": {
    title: "The value of tctl outlives the next start of Teleport",
    help: "One networking key in auth_service makes the file rebuild the resource at each start; set the timeout in the file.",
  },
  "teleport-certificate": {
    title: "Teleport ends sessions whose certificate has expired",
    help: "Without disconnect_expired_cert a session that is in use outlives its certificate.",
  },
  "teleport-session": {
    title: "Teleport ends this kind of session",
    help: "Its idle timeout does not reach it; shorten the certificate, or let the host or the database end it.",
  },
} as const satisfies Record<string, Check>;

export type CheckId = keyof typeof CHECKS;
