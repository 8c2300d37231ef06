/** Benchmarks against the peers: interleaved rounds, medians, a table for people and lines of JSON for programs. */

export const CONTENDERS = ['terrarium', 'qemu', 'v86'] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface BenchCase {
  readonly name: string;
  /** One measurement each, in the benchmark's unit; a contender that cannot run the case is left out. */
  readonly run: Partial<Record<Contender, () => Promise<number>>>;
}

export interface Bench {
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** `workDir` is emptied afterwards. */
  cases(workDir: string): Promise<readonly BenchCase[]>;
}

export type BenchRow = { bench: string; case: string; unit: string } & Record<Contender, number | null>;

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** Contenders that failed, with the reason; their figures are null. */
  readonly failures: readonly { case: string; contender: Contender; reason: string }[];
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Round by round, every contender in turn, so that a busy minute of the host meets all of them. */
export async function runBench(
  bench: Bench,
  options: { rounds: number; only: readonly Contender[]; workDir: string; log: (line: string) => void },
): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const failures: { case: string; contender: Contender; reason: string }[] = [];
  for (const benchCase of await bench.cases(options.workDir)) {
    const values: Record<Contender, number[]> = { terrarium: [], qemu: [], v86: [] };
    const failed = new Set<Contender>();
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of CONTENDERS) {
        const run = benchCase.run[contender];
        if (!run || failed.has(contender) || !options.only.includes(contender)) continue;
        try {
          const value = await run();
          values[contender].push(value);
          options.log(`${bench.name} ${benchCase.name} round ${round} ${contender}: ${format(value)} ${bench.unit}`);
        } catch (error) {
          failed.add(contender);
          const reason = error instanceof Error ? error.message : String(error);
          failures.push({ case: benchCase.name, contender, reason });
          options.log(`${bench.name} ${benchCase.name} round ${round} ${contender}: failed: ${reason}`);
        }
      }
    }
    const figure = (contender: Contender) =>
      failed.has(contender) || values[contender].length === 0 ? null : Number(median(values[contender]).toPrecision(4));
    rows.push({
      bench: bench.name,
      case: benchCase.name,
      unit: bench.unit,
      terrarium: figure('terrarium'),
      qemu: figure('qemu'),
      v86: figure('v86'),
    });
  }
  return { rows, failures };
}

function format(value: number | null): string {
  if (value === null) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** How many times better Terrarium is than the peer; below 1 it is worse. */
function ratio(bench: Bench, terrarium: number | null, peer: number | null): string {
  if (terrarium === null || peer === null) return '-';
  return `${(bench.better === 'lower' ? peer / terrarium : terrarium / peer).toFixed(2)}x`;
}

export function table(bench: Bench, rows: readonly BenchRow[]): string {
  const header = [bench.name, 'unit', 'Terrarium', 'QEMU TCG', 'v86', 'to QEMU', 'to v86'];
  const cells = rows.map((row) => [
    row.case,
    row.unit,
    format(row.terrarium),
    format(row.qemu),
    format(row.v86),
    ratio(bench, row.terrarium, row.qemu),
    ratio(bench, row.terrarium, row.v86),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)));
  const lines = [header, ...cells].map((line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return `${lines.join('\n')}\n(medians; ${bench.better} is better; the last columns say how many times better Terrarium is)`;
}
