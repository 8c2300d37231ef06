/** The virtual clock: time is instructions, so a run with the same input is the same run, bit for bit. */
import { expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy } from './guest.ts';
import { PROMPT, report } from './terrarium.ts';

const run = (command: string) =>
  report(
    ...['--floppy', guestImage('freedos.img'), '--clock', 'virtual', '--memory', '16'],
    ...['--until', PROMPT, '--type', command, '--until', PROMPT],
  );

test('two runs of the command with the same input end in the same state, another input in another', async () => {
  const first = await run('ver\\n');
  const second = await run('ver\\n');
  const other = await run('vol\\n');

  expect(second).toEqual(first);
  expect(other.stateHash).not.toBe(first.stateHash);
  expect(first.stateHash).toMatch(/^[0-9a-f]{64}$/);
});

test('every engine takes a run to the same state', async () => {
  const runWith = (engine: string) =>
    report(
      ...['--floppy', guestImage('freedos.img'), '--clock', 'virtual', '--memory', '16', '--engine', engine],
      ...['--until', PROMPT, '--type', 'dir\\n', '--until', 'bytes free'],
    );

  const [interpreter, auto, jit] = [await runWith('interpreter'), await runWith('auto'), await runWith('jit')];
  const lockstep = await runWith('lockstep');

  expect(auto).toEqual(interpreter);
  expect(jit).toEqual(interpreter);
  expect(lockstep).toEqual(interpreter);
});

test('saved at any moment of the boot and loaded into a new machine, it goes on to the same state', () => {
  const END_NS = 140e6; // in the middle of typing
  const start = (floppy: Uint8Array): Guest => new Guest(floppy);
  const undisturbed = start(guestFloppy('freedos.img'));
  undisturbed.machine.typist.type('dir\n');
  undisturbed.machine.run(END_NS);
  const expected = undisturbed.stateHash;
  const moments = Array.from({ length: 3 }, () => Math.floor((Math.random() * END_NS) / 10) * 10).sort((a, b) => a - b);
  moments[0] = Math.min(moments[0], 30e6); // one at least while it boots

  const original = start(guestFloppy('freedos.img'));
  original.machine.typist.type('dir\n');
  for (const moment of moments) {
    original.machine.run(moment);
    const image = original.machine.save();
    const copy = start(original.floppy!.slice());
    expect(copy.machine.load(image).ok).toBe(true);
    expect(Buffer.from(copy.machine.save()).equals(image), `saved again at ${moment} ns`).toBe(true);

    copy.machine.run(END_NS);

    expect(copy.stateHash, `saved at ${moment} ns`).toBe(expected);
    expect(copy.picture().hash).toBe(undisturbed.picture().hash);
  }
  original.machine.run(END_NS);
  expect(original.stateHash, 'after being saved').toBe(expected);
});
