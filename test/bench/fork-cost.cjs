// What a fork of a live Node costs: until the parent goes on, and until JavaScript runs in the child. Microseconds, medians and 95th percentiles.
// Usage: NODE fork-cost.cjs FACADE [FORKS [MEGABYTES OF HEAP]]
const { readFileSync } = require('node:fs');

const [, , facade, forks = '200', megabytes = '0'] = process.argv;
const native = require(facade);
const ballast = Array.from({ length: Number(megabytes) * 8000 }, (_, i) => ({ i, text: `ballast ${i}`, more: [i] }));

/** What the kernel and this process spent on it themselves: on a busy machine, the better figure. */
const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const nowUs = () => Number(process.hrtime.bigint()) / 1000;
const round = (us) => Math.round(us);
const spread = (times) => {
  const sorted = times.sort((a, b) => a - b);
  return { median: round(sorted[sorted.length >> 1]), p95: round(sorted[Math.floor(sorted.length * 0.95)]) };
};

function measure(where) {
  const parent = [];
  const cpu = [];
  const child = [];
  const [reads, writes] = native.socketPair();
  const message = new Float64Array(1);
  const bytes = new Uint8Array(message.buffer);
  for (let i = 0; i < Number(forks); i++) {
    const before = cpuUs();
    const from = nowUs();
    const pid = native.fork();
    const back = nowUs();
    if (pid === 0) {
      message[0] = back - from;
      native.send(writes, bytes);
      native.exitNow(0);
    }
    cpu.push(cpuUs() - before);
    native.wait(pid, false);
    native.receive(reads, bytes, 0);
    parent.push(back - from);
    child.push(message[0]);
  }
  const status = readFileSync('/proc/self/status', 'utf8');
  const mappings = readFileSync('/proc/self/maps', 'utf8').split('\n').length - 1;
  const residentMb = Math.round(Number(/VmRSS:\s*(\d+)/.exec(status)[1]) / 1024);
  console.log(
    JSON.stringify({
      node: process.version,
      where,
      residentMb,
      mappings,
      parent: spread(parent),
      child: spread(child),
      cpu: spread(cpu),
    }),
  );
}

const from = nowUs();
native.prepareFork();
console.log(JSON.stringify({ node: process.version, prepare: round(nowUs() - from), ballast: ballast.length }));
measure('setup');
const server = native.fork();
if (server === 0) {
  measure('server');
  native.exitNow(0);
}
native.wait(server, false);
native.exitNow(0);
