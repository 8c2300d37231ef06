import { expect, test } from 'vitest';
import type { StatusMessage } from '../../../core/contract/stream.ts';
import { Sampler, totalsOf, type Sample } from './samples.ts';

const status = (part: Partial<StatusMessage>): StatusMessage => ({
  type: 'status',
  paused: false,
  absolutePointer: false,
  activity: { floppy: false, disk: false, cdrom: false, serial: false },
  ...{
    guestNs: 0,
    instructions: 0,
    instructionsPerSecond: 0,
    busyShare: 0,
    guestShare: 0,
    readBytes: 0,
    writtenBytes: 0,
  },
  ...{ residentBytes: 0, sharedBytes: undefined, compiledShare: 0, typingBytes: 0 },
  ...part,
});

test('rates are differences of counters over the time between them', () => {
  const sampler = new Sampler();

  expect(sampler.take(status({ readBytes: 1000 }), 10)).toBeUndefined();
  const sample = sampler.take(status({ readBytes: 3000, busyShare: 0.75, guestShare: 0.5, compiledShare: 0.8 }), 12);

  expect(sample).toMatchObject({ readPerSecond: 1000, writtenPerSecond: 0, cpu: 0.75, compiled: 0.4, beside: 0.25 });
  expect(sample?.interpreted).toBeCloseTo(0.1);
});

test('a machine that started anew has no negative rates', () => {
  const sampler = new Sampler();
  sampler.take(status({ writtenBytes: 5000 }), 1);
  expect(sampler.take(status({ writtenBytes: 10 }), 2)?.writtenPerSecond).toBe(0);
});

test('totals add what every machine last did', () => {
  const at = (time: number, cpu: number): Sample => ({ at: time, cpu, mips: cpu * 10, residentBytes: 1 }) as Sample;
  expect(totalsOf([[at(1, 0.5), at(2.2, 0.25)], [at(2.5, 1)]])).toEqual([
    { at: 1, cpu: 0.5, mips: 5, residentBytes: 1 },
    { at: 2, cpu: 1.25, mips: 12.5, residentBytes: 2 },
  ]);
});
