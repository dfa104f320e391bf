import { describeWatchdog } from "./on-release.ts";

describeWatchdog(["trixie", "sid"]);
