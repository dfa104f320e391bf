import { expect, test } from "vitest";
import { parseShadowLog } from "../../../src/core/probe/shadow-log.ts";

test.each([
  [
    "Accepted publickey for bea from 127.0.0.1 port 39746 ssh2: ED25519 SHA256:lijqQdbHnmKdBS6JQAYXa2c1fHIAZnn1ULi6hTbF7TQ\r",
    {
      type: "accepted",
      user: "bea",
      port: 39746,
      fingerprint: "SHA256:lijqQdbHnmKdBS6JQAYXa2c1fHIAZnn1ULi6hTbF7TQ",
    },
  ],
  [
    "Timeout, client not responding from user bea 127.0.0.1 port 39746\r",
    { type: "client-silent", port: 39746 },
  ],
  [
    "terminating inactive connection from user bea 127.0.0.1 port 39746\r",
    { type: "connection-unused", port: 39746 },
  ],
  // 9.2 and 10.0; 10.6.
  ["channel 0: closing after 5 seconds of inactivity\r", { type: "channel-idle", seconds: 5 }],
  ["channel 0: closing after 6.000000 seconds of inactivity\r", { type: "channel-idle", seconds: 6 }],
  [
    "User bea from 127.0.0.1 not allowed because not listed in AllowUsers",
    {
      type: "refused",
      user: "bea",
      text: "User bea from 127.0.0.1 not allowed because not listed in AllowUsers",
    },
  ],
  ["Starting session: shell on pts/1 for bea from 127.0.0.1 port 39746 id 0", undefined],
  ["", undefined],
])("%s", (line, event) => expect(parseShadowLog(line)).toEqual(event));
