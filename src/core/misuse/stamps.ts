/** Times as syslog writes them, in seconds since 1970. Pure. */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86_400;

/**
 * `2026-11-30T03:10:05.123456+00:00`, or `Nov 30 03:10:05`, which has neither a year nor a zone: it is the last such
 * moment that is not after tomorrow, by the host's present zone.
 *
 * @param now of the host.
 * @param zone seconds east of Greenwich.
 */
export function stampTime(stamp: string, now: number, zone: number): number | undefined {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/u.test(stamp)) {
    const time = Date.parse(stamp.replace(",", ".").replace(/([+-]\d\d)(\d\d)$/u, "$1:$2"));
    return Number.isNaN(time) ? undefined : time / 1000;
  }
  const [, name = "", day, hour, minute, second] =
    /^([A-Z][a-z]{2}) ([ 0-3]?\d) (\d\d):(\d\d):(\d\d)$/u.exec(stamp) ?? [];
  const month = MONTHS.indexOf(name);
  if (month < 0) return undefined;
  const year = new Date((now + zone) * 1000).getUTCFullYear();
  const numbers = [day, hour, minute, second].map(Number) as [number, number, number, number];
  return Array.from({ length: 10 }, (_, back) => year + 1 - back)
    .map((each) => ({ each, time: Date.UTC(each, month, ...numbers) / 1000 - zone }))
    .find(({ each, time }) => time <= now + DAY && isDay(each, month, numbers[0]))?.time;
}

/** `+0130` as date(1) prints it. */
export function zoneSeconds(text: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/u.exec(text) ?? [];
  if (sign === undefined) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** The 29th of February is in some years only. */
function isDay(year: number, month: number, day: number): boolean {
  return new Date(Date.UTC(year, month, day)).getUTCMonth() === month;
}
