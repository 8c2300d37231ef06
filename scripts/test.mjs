/**
 * `npm test`: set-up, then every stage, each timed; the last line sums them up. `npm test -- unit guest` runs only
 * those. Plain JavaScript for Node 20; what it starts runs on the pinned Node 24.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installMissingPackages } from './debian.mjs';
import { node24, root, tool } from './node24.mjs';

const tsc = tool('typescript/bin/tsc');
const vitest = tool('vitest/vitest.mjs');

const FAILURE_LINES = 12;
const SLOWEST_FILES = 3;

/**
 * A stage is either commands that must succeed, one check each, or a vitest project whose tests are counted. Commands
 * keep one core busy each, so those of all stages run side by side: the longest first.
 */
const STAGES = [
  {
    name: 'lint',
    commands: [
      [tool('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
      [tool('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    ],
  },
  {
    name: 'typecheck',
    commands: [
      [tsc, '-p', '.'],
      [tsc, '-p', 'tsconfig.core.json'],
    ],
  },
  { name: 'unit', project: 'unit', workers: os.availableParallelism() },
  { name: 'integration', project: 'integration', workers: os.availableParallelism() },
  { name: 'formats', project: 'formats', workers: os.availableParallelism() },
  { name: 'isa', project: 'isa', workers: os.availableParallelism() },
  { name: 'isa-jit', project: 'isa-jit', workers: os.availableParallelism() },
  { name: 'torture', project: 'torture', workers: os.availableParallelism() },
  { name: 'fault', project: 'fault', workers: 1 },
  { name: 'guest', project: 'guest', workers: os.availableParallelism() },
  // A browser and its machines are more than one process as it is.
  { name: 'e2e', project: 'e2e', workers: 1 },
];

/** What it writes goes to `output`, or straight to the console. */
function run(args, output) {
  return new Promise((resolve, reject) => {
    const child = spawn(node24(), args, {
      cwd: root,
      stdio: ['ignore', output ? 'pipe' : 'inherit', output ? 'pipe' : 'inherit'],
      env: { ...process.env, PATH: `${tool('.bin')}${path.delimiter}${process.env.PATH ?? ''}` },
    });
    child.stdout?.on('data', (data) => output.push(data));
    child.stderr?.on('data', (data) => output.push(data));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

/** The results of stages of commands, by their names. Output comes when its command ends: whole, not mixed. */
async function runCommands(stages) {
  const results = new Map(stages.map(({ name }) => [name, { passed: 0, failed: 0, skipped: 0, failures: [] }]));
  const waiting = stages.flatMap(({ name, commands }) => commands.map((command) => ({ name, command })));
  const startMs = performance.now();
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const output = [];
      const code = await run(next.command, output);
      for (const part of output) process.stdout.write(part);
      const result = results.get(next.name);
      result[code === 0 ? 'passed' : 'failed']++;
      result.time = seconds(startMs);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return results;
}

async function runProject({ project, workers }, reportDir) {
  const report = path.join(reportDir, `${project}.json`);
  const code = await run([
    ...[vitest, 'run', '--project', project, `--maxWorkers=${workers}`],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ]);
  if (!fs.existsSync(report))
    return { passed: 0, failed: 1, skipped: 0, failures: [], problem: `vitest ended with ${code}, no report` };
  const {
    numPassedTests: passed,
    numFailedTests,
    numPendingTests: skipped,
    testResults,
  } = JSON.parse(fs.readFileSync(report, 'utf8'));
  // A file that does not load has no failed test of its own, an error outside any test not even a failed file.
  const brokenFiles = testResults.filter(
    (f) => f.status === 'failed' && !f.assertionResults.some((t) => t.status === 'failed'),
  );
  const failed = Math.max(numFailedTests + brokenFiles.length, code === 0 ? 0 : 1);
  if (passed + failed === 0) return { passed, failed: 1, skipped, failures: [], problem: 'no test was run' };
  const failures = [
    ...brokenFiles.map((file) => ({ name: file.name, message: file.message })),
    ...testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter((each) => each.status === 'failed')
        .map((each) => ({ name: each.fullName, message: each.failureMessages.join('\n') })),
    ),
  ];
  return { passed, failed, skipped, failures, slowest: slowestOf(testResults) };
}

/** The files that took longest: where to look when the whole takes too long. */
function slowestOf(testResults) {
  const files = testResults.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }));
  const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_FILES);
  return slowest.map(({ name, ms }) => `${path.basename(name)} ${(ms / 1000).toFixed(0)} s`).join(', ');
}

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

async function main(names) {
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(`no such stage: ${unknown.join(', ')}. There are: ${STAGES.map((stage) => stage.name).join(', ')}`);
    return 2;
  }

  const missing = installMissingPackages();
  if (missing.length > 0) {
    console.error(`These Debian packages are missing and could not be installed: ${missing.join(' ')}`);
    console.error(`Install them (apt-get install ${missing.join(' ')}) and run this again.`);
    return 1;
  }

  const reportDir = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-test-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  const failed = [];
  const note = (stage, time, result) => {
    for (const key of Object.keys(total)) total[key] += result[key];
    failed.push(...result.failures.map((failure) => ({ stage: stage.name, ...failure })));
    const { passed, skipped, problem, slowest } = result;
    const counts = `${passed} passed, ${result.failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    const remarks = problem ? ` (${problem})` : slowest ? `; longest: ${slowest}` : '';
    lines.push(`${stage.name.padEnd(12)}${time.padStart(9)}  ${counts}${remarks}`);
  };
  const beganMs = performance.now();
  try {
    const stages = STAGES.filter(({ name }) => names.length === 0 || names.includes(name));
    const checks = stages.filter(({ commands }) => commands);
    if (checks.length > 0) console.log(`\n== ${checks.map(({ name }) => name).join(', ')}`);
    const checked = await runCommands(checks);
    for (const stage of checks) note(stage, checked.get(stage.name).time, checked.get(stage.name));
    for (const stage of stages.filter(({ project }) => project)) {
      console.log(`\n== ${stage.name}`);
      const startMs = performance.now();
      const result = await runProject(stage, reportDir);
      note(stage, seconds(startMs), result);
    }
  } finally {
    fs.rmSync(reportDir, { recursive: true, force: true });
  }

  // Once more at the end: whoever reads only the end of a long output finds what failed.
  for (const { stage, name, message } of failed)
    console.log(`\nFAILED ${stage}: ${name}\n${message.split('\n').slice(0, FAILURE_LINES).join('\n')}`);
  console.log(`\n${lines.join('\n')}\n${'all'.padEnd(12)}${seconds(beganMs).padStart(9)}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
