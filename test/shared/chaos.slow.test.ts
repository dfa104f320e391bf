/** A short one of chaos.campaign.ts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshdUnavailable } from "../host/sshd.ts";
import { postgresLacks } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { chaos } from "./chaos.ts";
import { openFleet, type SharedFleet } from "./fleet.ts";

const lacks = sshdUnavailable() ?? (await postgresLacks());

describe.skipIf(lacks !== null)(`chaos${lacks === null ? "" : ` (${lacks})`}`, () => {
  let fleet: SharedFleet;
  beforeAll(async () => {
    fleet = await openFleet();
  }, patient(60_000));
  afterAll(async () => fleet?.close(), patient(60_000));

  test(
    "workers, coordinator and database are killed, frozen and cut off: each host is in the result once, nothing is left behind",
    async () => {
      const said: string[] = [];
      const { wrong, audits } = await chaos(fleet, {
        hosts: 250,
        workers: 3,
        seconds: 15,
        seed: 15,
        say: (text) => said.push(text),
      });
      expect({ wrong, said: wrong.length === 0 ? [] : said }).toEqual({ wrong: [], said: [] });
      expect(audits).toBeGreaterThan(0);
    },
    patient(400_000),
  );
});
