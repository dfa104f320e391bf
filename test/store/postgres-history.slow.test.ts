/** The contract of the history, kept by a real PostgreSQL. */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { patient } from "../patience.ts";
import { postgresLacks, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import type { History } from "../../src/model/record/history.ts";
import { testHistoryViews } from "./history/views-contract.ts";
import { now, testHistory } from "./history/contract.ts";

const lacks = await postgresLacks();
let server: PostgresServer;
let made = 0;

beforeAll(async () => {
  if (lacks === null) server = await startPostgres();
}, patient(30_000));
afterAll(async () => server?.stop(), patient(10_000));

describe.skipIf(lacks !== null)(`a history in PostgreSQL${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  let views: History;
  describe("from above", () => {
    beforeEach(async () => {
      const url = await server.createDatabase(`views_${made++}`);
      views = await openHistory({ postgres: postgresSettings(url, {}, "/nonexistent"), now });
    });
    afterEach(async () => views.close());
    testHistoryViews(() => views);
  });

  testHistory(async () => {
    const name = `history_${made++}`;
    const urls = { own: await server.createDatabase(name), elsewhere: "" };
    return {
      async open(elsewhere) {
        if (elsewhere !== undefined && urls.elsewhere === "") {
          urls.elsewhere = await server.createDatabase(`${name}_elsewhere`);
        }
        const url = elsewhere === undefined ? urls.own : urls.elsewhere;
        return openHistory({ postgres: postgresSettings(url, {}, "/nonexistent"), now });
      },
      count: async (table) => Number((await server.sql(name, `SELECT count(*) FROM curfew.${table}`))[0]),
      async remove() {
        for (const each of [name, `${name}_elsewhere`]) {
          await server.sql("postgres", `DROP DATABASE IF EXISTS ${each} WITH (FORCE)`);
        }
      },
    };
  }, 0.2);
});
