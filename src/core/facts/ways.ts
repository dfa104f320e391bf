/** The ways into a host beside the sshd that was asked. */
import { visible } from "../text/visible.ts";
import { lines, type Sections } from "./sections.ts";

/** For people: `process 812 (/usr/sbin/dropbear)`, `ssh2.socket (/usr/sbin/sshd)`. */
export function parseWays(sections: Sections): string[] {
  return lines(sections.maybe("ways"))
    .slice(0, MOST)
    .flatMap((line) => {
      const [way = "", program = ""] = line.split("\t");
      if (way === "") return [];
      const named = /^\d{1,10}$/u.test(way) ? `process ${way}` : visible(way.slice(0, 100));
      return [program === "" ? named : `${named} (${visible(program.slice(0, 200))})`];
    });
}

const MOST = 50;
