/** What an exec plugin prints for kubectl: client.authentication.k8s.io, ExecCredential. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * The answer of a plugin with an expiry no later than `until` (ISO 8601); undefined where it is no credential. Everything
 * else in it stays as the plugin said it.
 */
export function cappedCredential(answer: string, until: string): string | undefined {
  const data = parsed(answer);
  const status = data?.["status"];
  if (data?.["kind"] !== "ExecCredential" || !isFields(status)) return undefined;
  const own = status["expirationTimestamp"];
  const earlier = typeof own === "string" && Date.parse(own) <= Date.parse(until) ? own : until;
  return `${JSON.stringify({ ...data, status: { ...status, expirationTimestamp: earlier } })}\n`;
}

/** Whether there is anything in it to log in with. */
export function isCredential(answer: string): boolean {
  const status = parsed(answer)?.["status"];
  if (!isFields(status)) return false;
  return [status["token"], status["clientCertificateData"]].some(
    (each) => typeof each === "string" && each !== "",
  );
}

function parsed(text: string): Fields | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isFields(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isFields(data: unknown): data is Fields {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
