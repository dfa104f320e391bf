/** Everything that a line of a shell's or pam_env's file sets TMOUT to, as it stands there; "" for nothing. */
export function tmoutValues(text: string): string[] {
  return [...text.matchAll(TMOUT_VALUE)].map(([, , , value = ""]) => value);
}

// `TMOUT=600`, `TMOUT="600"`, `${TMOUT:=600}`, `${TMOUT:-600}`, and pam_env's `TMOUT DEFAULT=600`.
export const TMOUT_VALUE =
  /(?<![A-Za-z0-9_$])((?:\$\{)?TMOUT(?::?[=-]|\s+(?:DEFAULT|OVERRIDE)=))(["']?)([^\s;&|"'}#)]*)/gu;
