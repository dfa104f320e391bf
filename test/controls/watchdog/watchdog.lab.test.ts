import { describeWatchdog } from "./on-release.ts";

describeWatchdog(["bullseye", "bookworm"]);
