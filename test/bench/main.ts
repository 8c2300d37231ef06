/** `npm run bench -- NAME… [--json] [--rounds N] [--only terrarium,qemu,v86]` */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { boot } from './boot.ts';
import { cpu } from './cpu.ts';
import { disk } from './disk.ts';
import { guest } from './guest.ts';
import { CONTENDERS, runBench, table } from './harness.ts';
import type { Bench } from './harness.ts';
import { idle } from './idle.ts';
import { pauses } from './pauses.ts';
import { snapshot } from './snapshot.ts';
import { ui } from './ui.ts';

const BENCHES: readonly Bench[] = [boot, cpu, disk, guest, idle, pauses, snapshot, ui];
const USAGE = `usage: npm run bench -- NAME… [--json] [--rounds N] [--only ${CONTENDERS.join(',')}]
benchmarks: ${BENCHES.map((bench) => bench.name).join(', ')}`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: CONTENDERS.join(',') },
    },
  });
  const benches = positionals.map((name) => BENCHES.find((bench) => bench.name === name));
  const rounds = Number(values.rounds);
  const only = CONTENDERS.filter((contender) => values.only.split(',').includes(contender));
  if (benches.length === 0 || !Number.isInteger(rounds) || rounds < 1 || only.length === 0) throw new Error(USAGE);
  return { benches: benches.map((bench) => bench ?? fail()), rounds, only, json: values.json };
}

function fail(): never {
  throw new Error(USAGE);
}

async function main(): Promise<number> {
  let args: ReturnType<typeof readArguments>;
  try {
    args = readArguments();
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  let failed = false;
  for (const bench of args.benches) {
    const workDir = fs.mkdtempSync(path.join(os.tmpdir(), `terrarium-bench-`));
    try {
      const log = (line: string) => console.error(line);
      const { rows, failures } = await runBench(bench, { rounds: args.rounds, only: args.only, workDir, log });
      if (args.json) for (const row of rows) console.log(JSON.stringify(row));
      else console.log(`\n${table(bench, rows)}\n`);
      failed ||= failures.length > 0;
    } finally {
      fs.rmSync(workDir, { recursive: true, force: true });
    }
  }
  return failed ? 1 : 0;
}

process.exitCode = await main();
