/** What `curfew apply` costs on real hosts, beside the two floors. Every measurement is taken back by `revert`. */
import { hostLimits } from "../../src/core/limits.ts";
import { changeScript, guardChange, settleScript, writtenAfter } from "../../src/core/guard.ts";
import { selectorsOf } from "../../src/core/selectors.ts";
import type { RunContext } from "../../src/flow/context.ts";
import { factsScript } from "../../src/flow/gather.ts";
import { decide } from "../../src/flow/plan.ts";
