export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly childCpuMs: number;
  readonly rssMiB: number;
}
