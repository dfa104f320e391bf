/** Where a login came from, and where it went (ssh(1), SSH_CONNECTION). */
export interface LoginEnds {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}
