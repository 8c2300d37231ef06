import type { CpuStats } from '../../core/cpu/counters.ts';

const PROFILE_LINES = 20;

/** Where the guest was found, by address: `C01234E0h 120 compiled`. */
function profileText({ profile, samples }: CpuStats): string {
  const all = samples.interpreted + samples.compiled;
  const lines = profile.slice(0, PROFILE_LINES).map(({ address, interpreted, compiled }) => {
    const share = ((100 * (interpreted + compiled)) / all).toFixed(1);
    const tier = compiled === 0 ? 'interpreted' : interpreted === 0 ? 'compiled' : `${interpreted} of it interpreted`;
    return `  ${address.toString(16).toUpperCase().padStart(8, '0')}h ${share} % (${interpreted + compiled}), ${tier}\n`;
  });
  return ['profile by linear address:\n', ...lines].join('');
}

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
    profileText(stats),
    group('helpers', stats.helpers),
    group('exceptions', stats.exceptions),
    group('software interrupts', stats.softwareInterrupts),
    group('external interrupts', stats.externalInterrupts),
    group('code', stats.code),
    group('pauses for compiling', stats.pauses),
    group('memory', stats.memory),
  ].join('');
}
