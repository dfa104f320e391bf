/** A schedule's name: part of unit names, file names and crontab files, none of which takes more. */
export const SCHEDULE_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/u;
