/** 2,000 hosts, four workers, and ten minutes, or as many as CURFEW_CHAOS_MINUTES says, in which everything fails at random. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshdUnavailable } from "../host/sshd.ts";
import { postgresLacks } from "../lab/postgres.ts";
import { chaos } from "./chaos.ts";
import { openFleet, type SharedFleet } from "./fleet.ts";

const lacks = sshdUnavailable() ?? (await postgresLacks());
const minutes = Number(process.env["CURFEW_CHAOS_MINUTES"] ?? "10");
const seed = Number(process.env["CURFEW_CHAOS_SEED"] ?? Date.now() % 1_000_000);

describe.skipIf(lacks !== null)(
  `chaos for ${minutes} minutes, seed ${seed}${lacks === null ? "" : ` (${lacks})`}`,
  () => {
    let fleet: SharedFleet;
    beforeAll(async () => {
      fleet = await openFleet();
    }, 60_000);
    afterAll(async () => fleet?.close(), 60_000);

    test(
      "every host is in every result once, and nothing is left behind",
      async () => {
        const say = (text: string): void => void process.stderr.write(`${text}\n`);
        const result = await chaos(fleet, { hosts: 2000, workers: 4, seconds: minutes * 60, seed, say });
        say(JSON.stringify(result));
        expect(result.wrong).toEqual([]);
      },
      minutes * 60_000 + 900_000,
    );
  },
);
