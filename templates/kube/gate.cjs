// Generated from src/cli/kube/gate-entry.ts by npm run schema.
let node_fs = require("node:fs");
let node_child_process = require("node:child_process");
let node_os = require("node:os");
let node_path = require("node:path");
// src/core/kube/gate/words.ts
var ID = /^[0-9a-f]{12,32}$/u;
function gateWords(command, args) {
	const [first, second] = args;
	if (first !== "kube" || second !== "gate" || !/(?:^|\/)curfew(?:\.js)?$/u.test(command)) return void 0;
	const end = args.indexOf("--");
	if (end < 0) return void 0;
	const own = args.slice(2, end);
	const id = own[own.indexOf("--session") + 1] ?? "";
	if (!own.includes("--session") || !ID.test(id)) return void 0;
	return {
		id,
		endStreams: own.includes("--end-streams"),
		own: end + 1
	};
}
// src/model/terms/duration.ts
function formatDuration(exact) {
	const tenths = Math.round(exact * 10) / 10;
	const seconds = tenths < 60 ? tenths : Math.round(exact);
	const text = [
		[Math.floor(seconds / 3600), "h"],
		[Math.floor(seconds % 3600 / 60), "m"],
		[seconds % 60, "s"]
	].map(([amount, unit]) => amount > 0 ? `${amount}${unit}` : "").join("");
	return text === "" ? "0s" : text;
}
// src/core/kube/gate/decision.ts
function elapsed(since, now) {
	const wall = now.wall - since.wall;
	if (since.boot !== now.boot) return wall < 0 ? Number.POSITIVE_INFINITY : wall;
	const uptime = now.uptime - since.uptime;
	return uptime < 0 ? Number.POSITIVE_INFINITY : Math.max(wall, uptime);
}
function decideGate(state, asking) {
	const login = state?.login ?? null;
	if (state === null || login === null) return {
		allowed: false,
		reason: "there is no login yet"
	};
	const maxLeft = leftOf(state.max, elapsed(login, asking.now));
	if (maxLeft <= 0) return ended(`${formatDuration(state.max ?? 0)} after the login`);
	const isNew = !isKnown(state, asking.caller);
	const idleLeft = idleLeftOf(state, state.use ?? login, isNew, asking);
	if (idleLeft <= 0) return ended(`after ${formatDuration(state.idle ?? 0)} without a kubectl command`);
	return {
		allowed: true,
		left: Math.min(maxLeft, idleLeft),
		isNew
	};
}
function afterUse(state, { now, caller }, alive) {
	if (isKnown(state, caller)) return state;
	return {
		...state,
		use: now,
		callers: [...state.callers.filter(alive), caller]
	};
}
var MOST_CALLERS = 500;
function isKnown({ callers }, { pid, start }) {
	return callers.length >= MOST_CALLERS || callers.some((each) => each.pid === pid && each.start === start);
}
function idleLeftOf(state, use, isNew, { now, inputAge }) {
	const sinceUse = elapsed(use, now);
	if (state.idle === null) return Number.POSITIVE_INFINITY;
	const byUse = leftOf(state.idle, sinceUse);
	if (isNew) return byUse <= 0 ? byUse : state.idle;
	if (inputAge === null || inputAge < 0 || wasSetBack(use, now)) return byUse;
	return Math.max(byUse, leftOf(state.idle, inputAge));
}
function wasSetBack(since, now) {
	return since.boot !== now.boot || now.wall - since.wall < now.uptime - since.uptime - 2;
}
function leftOf(limit, used) {
	return limit === null ? Number.POSITIVE_INFINITY : limit - used;
}
function ended(when) {
	return {
		allowed: false,
		reason: `the session ended ${when}`
	};
}
// src/core/kube/gate/exec-credential.ts
function cappedCredential(answer, until) {
	const data = parsed(answer);
	const status = data?.["status"];
	if (data?.["kind"] !== "ExecCredential" || !isFields$1(status)) return void 0;
	const own = status["expirationTimestamp"];
	const earlier = typeof own === "string" && Date.parse(own) <= Date.parse(until) ? own : until;
	return `${JSON.stringify({
		...data,
		status: {
			...status,
			expirationTimestamp: earlier
		}
	})}\n`;
}
function parsed(text) {
	try {
		const data = JSON.parse(text);
		return isFields$1(data) ? data : void 0;
	} catch {
		return;
	}
}
function isFields$1(data) {
	return typeof data === "object" && data !== null && !Array.isArray(data);
}
// src/store/file/xdg.ts
function stateDirectory(environment, home) {
	return (0, node_path.join)(base(environment["XDG_STATE_HOME"], (0, node_path.join)(home, ".local", "state")), "curfew");
}
function base(given, usual) {
	return given !== void 0 && (0, node_path.isAbsolute)(given) ? given : usual;
}
// src/store/kube/processes.ts
function readMoment(wallMs) {
	const [uptime = ""] = (0, node_fs.readFileSync)("/proc/uptime", "latin1").split(" ");
	const boot = (0, node_fs.readFileSync)("/proc/sys/kernel/random/boot_id", "latin1").trim();
	return {
		wall: wallMs / 1e3,
		uptime: Number(uptime),
		boot
	};
}
function readProcess(pid) {
	try {
		const stat = (0, node_fs.readFileSync)(`/proc/${pid}/stat`, "latin1");
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const at = (field) => Number(fields[field - 3]);
		return {
			pid,
			start: at(22),
			parent: at(4),
			terminal: at(7)
		};
	} catch {
		return;
	}
}
function isAlive({ pid, start }) {
	return readProcess(pid)?.start === start;
}
function readCaller(parent, runUnder) {
	const found = readProcess(parent);
	return runUnder === String(parent) && found !== void 0 ? readProcess(found.parent) : found;
}
function terminalPath(device) {
	const major = device >> 8 & 4095;
	const minor = device & 255 | device >> 12 & 1048320;
	if (major >= 136 && major <= 143) return `/dev/pts/${minor + (major - 136) * 256}`;
	return major === 4 && minor < 64 ? `/dev/tty${minor}` : null;
}
function readInputAge(device, wall) {
	const path = terminalPath(device);
	try {
		return path === null ? null : wall - (0, node_fs.statSync)(path).atimeMs / 1e3;
	} catch {
		return null;
	}
}
// src/store/kube/gate-lock.ts
var PATIENCE_MS = 5e3;
var PAUSE_MS = 5;
function withGateLock(directory, id, work) {
	const path = (0, node_path.join)(directory, `${id}.lock`);
	const own = `${process.pid} ${readProcess(process.pid)?.start ?? 0}`;
	for (let waited = 0; !take(path, own); waited += PAUSE_MS) {
		if (waited > PATIENCE_MS) throw new Error("another process keeps the state locked");
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
	}
	try {
		return work();
	} finally {
		(0, node_fs.rmSync)(path, { force: true });
	}
}
function take(path, own) {
	try {
		const file = (0, node_fs.openSync)(path, "wx", 384);
		(0, node_fs.writeSync)(file, own);
		(0, node_fs.closeSync)(file);
		return true;
	} catch (error) {
		if (error.code !== "EEXIST") throw error;
		if (isLeft(path)) takeAway(path);
		return false;
	}
}
function isLeft(path) {
	try {
		const [pid = "", start = ""] = (0, node_fs.readFileSync)(path, "latin1").split(" ");
		return pid !== "" && !isAlive({
			pid: Number(pid),
			start: Number(start)
		});
	} catch {
		return false;
	}
}
function takeAway(path) {
	const aside = `${path}.${process.pid}`;
	try {
		(0, node_fs.renameSync)(path, aside);
		if (!isLeft(aside)) (0, node_fs.linkSync)(aside, path);
	} catch {}
	(0, node_fs.rmSync)(aside, { force: true });
}
// src/core/kube/gate/state.ts
function parseGateState(text) {
	try {
		const data = JSON.parse(text);
		return isState(data) ? data : void 0;
	} catch {
		return;
	}
}
function isState(data) {
	if (!isFields(data) || data["schema"] !== "curfew/kube-gate/1") return false;
	const { context, idle, max, login, use, callers } = data;
	if (typeof context !== "string") return false;
	const limits = [idle, max].every((each) => each === null || isNumber(each) && each > 0);
	const moments = [login, use].every((each) => each === null || isMoment(each));
	return limits && (idle !== null || max !== null) && moments && Array.isArray(callers) && callers.every(isCaller);
}
function isMoment(data) {
	return isFields(data) && isNumber(data["wall"]) && isNumber(data["uptime"]) && typeof data["boot"] === "string";
}
function isCaller(data) {
	return isFields(data) && isNumber(data["pid"]) && isNumber(data["start"]);
}
function isFields(data) {
	return typeof data === "object" && data !== null && !Array.isArray(data);
}
function isNumber(value) {
	return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
// src/store/kube/gate-store.ts
var LARGEST = 262144;
function gateDirectory(state) {
	return (0, node_path.join)(state, "kube");
}
function readGateState(directory, id) {
	try {
		refuseForeign(directory);
		return parseGateState(readOwnFile((0, node_path.join)(directory, `${id}.json`))) ?? null;
	} catch {
		return null;
	}
}
function writeGateState(directory, id, state) {
	writeOwnFile(directory, `${id}.json`, `${JSON.stringify(state)}\n`);
}
function writeOwnFile(directory, name, text) {
	(0, node_fs.mkdirSync)(directory, {
		recursive: true,
		mode: 448
	});
	refuseForeign(directory);
	const temporary = (0, node_path.join)(directory, `.${name}.${process.pid}.tmp`);
	(0, node_fs.rmSync)(temporary, { force: true });
	const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = node_fs.constants;
	const file = (0, node_fs.openSync)(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 384);
	try {
		(0, node_fs.writeSync)(file, text);
	} finally {
		(0, node_fs.closeSync)(file);
	}
	(0, node_fs.renameSync)(temporary, (0, node_path.join)(directory, name));
}
function readOwnFile(path) {
	const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = node_fs.constants;
	const file = (0, node_fs.openSync)(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	try {
		const found = (0, node_fs.fstatSync)(file);
		if (!(found.isFile() && found.uid === process.geteuid?.() && (found.mode & 18) === 0) || found.size > LARGEST) throw new Error("not a file of curfew's");
		return (0, node_fs.readFileSync)(file, "utf8");
	} finally {
		(0, node_fs.closeSync)(file);
	}
}
function refuseForeign(directory) {
	const found = (0, node_fs.lstatSync)(directory);
	if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & 18) !== 0) throw new Error("the state directory is not this account's alone");
}
// src/model/terms/error.ts
var CurfewError = class extends Error {
	code;
	host;
	hint;
	constructor(code, message, context = {}) {
		super(message, { cause: context.cause });
		this.name = "CurfewError";
		this.code = code;
		this.host = context.host;
		this.hint = context.hint;
	}
};
// src/template/template-file.ts
function templateFile(path, from = __dirname) {
	const candidate = (0, node_path.join)(from, "templates", path);
	if ((0, node_fs.existsSync)(candidate)) return candidate;
	const parent = (0, node_path.dirname)(from);
	if (parent === from) throw new CurfewError("internal", `there is no template ${path}`);
	return templateFile(path, parent);
}
// src/cli/kube/gate.ts
var LARGEST_ANSWER = 16777216;
function runGate(given, environment) {
	const words = gateWords("curfew", [
		"kube",
		"gate",
		...given
	]);
	const [command, ...args] = given.slice((words?.own ?? 2) - 2);
	if (words === void 0 || command === void 0) return refusal("usage: curfew kube gate [--end-streams] --session ID -- PLUGIN [ARGUMENT...]", 64);
	const directory = gateDirectory(stateDirectory(environment, environment["HOME"] ?? (0, node_os.homedir)()));
	const state = readGateState(directory, words.id);
	const asking = askingNow(environment);
	if (asking === void 0) return refusal("the process that asks is gone");
	const first = decideGate(state, asking);
	if (!first.allowed) return refusal(`${first.reason}; ${loginAdvice(state)}`);
	const { CURFEW_RUN_UNDER: _, ...env } = environment;
	const inner = (0, node_child_process.spawnSync)(command, args, {
		env,
		stdio: [
			"inherit",
			"pipe",
			"inherit"
		],
		encoding: "utf8",
		maxBuffer: LARGEST_ANSWER
	});
	if (inner.error !== void 0) return refusal(`cannot run ${command}: ${inner.error.message}`);
	if (inner.status !== 0) return {
		code: inner.status ?? 1,
		out: "",
		err: ""
	};
	return handOn(inner.stdout, command, asking, {
		directory,
		...words
	});
}
function handOn(answer, command, asking, { directory, id, endStreams }) {
	try {
		return withGateLock(directory, id, () => {
			const state = readGateState(directory, id);
			const later = {
				...asking,
				now: readMoment(Date.now())
			};
			const decision = decideGate(state, later);
			if (!decision.allowed || state === null) return refusal(`${decision.allowed ? "" : decision.reason}; ${loginAdvice(state)}`);
			const out = cappedCredential(answer, new Date((later.now.wall + decision.left) * 1e3).toISOString().replace(/\.\d+/u, ""));
			if (out === void 0) return refusal(`${command} did not answer with an ExecCredential`);
			const next = afterUse(state, later, isAlive);
			if (next !== state) writeGateState(directory, id, next);
			if (endStreams && decision.isNew) watchStream(state, later);
			return {
				code: 0,
				out,
				err: ""
			};
		});
	} catch (error) {
		return refusal(`the state of the session cannot be kept: ${error instanceof Error ? error.message : ""}`);
	}
}
function askingNow(environment) {
	const found = readCaller(process.ppid, environment["CURFEW_RUN_UNDER"]);
	if (found === void 0) return void 0;
	const now = readMoment(Date.now());
	const { pid, start, terminal } = found;
	return {
		now,
		caller: {
			pid,
			start
		},
		inputAge: readInputAge(terminal, now.wall),
		terminal
	};
}
function watchStream({ login, max, idle }, { now, caller, terminal }) {
	const end = max === null || login === null ? "" : String(Math.floor(now.uptime + max - elapsed(login, now)));
	const tty = terminalPath(terminal) ?? "";
	const numbers = [
		caller.pid,
		caller.start,
		end,
		idle ?? "",
		tty
	].map(String);
	const options = {
		detached: true,
		stdio: "ignore",
		cwd: "/"
	};
	(0, node_child_process.spawn)("sh", [templateFile("kube/end-stream.sh"), ...numbers], options).unref();
}
function loginAdvice(state) {
	return state === null ? "log in with: curfew kube login" : `log in with: curfew kube login ${state.context}`;
}
function refusal(reason, code = 1) {
	return {
		code,
		out: "",
		err: `curfew: ${reason.replaceAll(/\p{Cc}+/gu, " ")}\n`
	};
}
// src/cli/kube/gate-entry.ts
var { code, out, err } = runGate(process.argv.slice(4), process.env);
write(2, err);
write(1, out);
process.exit(code);
function write(file, text) {
	let rest = Buffer.from(text);
	while (rest.length > 0) try {
		rest = rest.subarray((0, node_fs.writeSync)(file, rest));
	} catch (error) {
		if (error.code !== "EAGAIN") process.exit(1);
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
	}
}
