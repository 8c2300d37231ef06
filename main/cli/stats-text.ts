import type { CpuStats } from '../../core/cpu/counters.ts';

/** A processor's counters as lines for people: one group a line, the largest first. */
export function statsText(stats: CpuStats): string {
  const group = (name: string, counts: Readonly<Record<string, number>>): string => {
    const parts = Object.entries(counts).map(([key, count]) => `${key} ${count}`);
    return `${name}: ${parts.length === 0 ? 'none' : parts.join(', ')}\n`;
  };
  return [
    `instructions: ${stats.instructions}\n`,
    group(`exits (${stats.entries} entries)`, stats.exits),
    group('samples', stats.samples),
    group('helpers', stats.helpers),
    group('exceptions', stats.exceptions),
    group('software interrupts', stats.softwareInterrupts),
    group('external interrupts', stats.externalInterrupts),
    group('code', stats.code),
    group('memory', stats.memory),
  ].join('');
}
