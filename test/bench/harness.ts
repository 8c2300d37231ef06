/** Benchmarks against the peers: interleaved rounds, medians, a table for people and lines of JSON for programs. */

export const CONTENDERS = ['terrarium', 'qemu', 'v86'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** One figure, or several by name that one run yields: each becomes a row. */
export type Measurement = number | Readonly<Record<string, number>>;

export interface BenchCase {
  readonly name: string;
  /** One measurement each, in the benchmark's unit; a contender that cannot run the case is left out. */
  readonly run: Partial<Record<Contender, () => Promise<Measurement>>>;
}

export interface Bench {
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Whether a last row sums up the ratios of all others. */
  readonly geometricMean?: boolean;
  /** `workDir` is emptied afterwards. */
  cases(workDir: string): Promise<readonly BenchCase[]>;
}

export type BenchRow = { bench: string; case: string; unit: string } & Record<Contender | RatioName, number | null>;

/** How many times better Terrarium is than the peer; below 1 it is worse. */
type RatioName = 'toQemu' | 'toV86';

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

/** Of factors, which have no other fair mean. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Round by round, every contender in turn, so that a busy minute of the host meets all of them. */
export async function runBench(
  bench: Bench,
  options: { rounds: number; only: readonly Contender[]; workDir: string; log: (line: string) => void },
): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const failures: { case: string; contender: Contender; reason: string }[] = [];
  for (const benchCase of await bench.cases(options.workDir)) {
    const figures = new Figures();
    const failed = new Set<Contender>();
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of CONTENDERS) {
        const run = benchCase.run[contender];
        if (!run || failed.has(contender) || !options.only.includes(contender)) continue;
        const log = (text: string) =>
          options.log(`${bench.name} ${benchCase.name} round ${round} ${contender}: ${text}`);
        try {
          const measured = await run();
          const named = typeof measured === 'number' ? { [benchCase.name]: measured } : measured;
          for (const [name, value] of Object.entries(named)) figures.add(name, contender, value);
          log(typeof measured === 'number' ? `${format(measured)} ${bench.unit}` : summary(measured, bench.unit));
        } catch (error) {
          failed.add(contender);
          const reason = error instanceof Error ? error.message : String(error);
          failures.push({ case: benchCase.name, contender, reason });
          log(`failed: ${reason}`);
        }
      }
    }
    rows.push(...figures.rows(bench, failed, benchCase.name));
  }
  if (bench.geometricMean) rows.push(meanRow(bench, rows));
  return { rows, failures };
}

/** The values of one case: by the name of the figure, then by contender. */
class Figures {
  readonly #values = new Map<string, Record<Contender, number[]>>();

  add(name: string, contender: Contender, value: number): void {
    const values = this.#values.get(name) ?? { terrarium: [], qemu: [], v86: [] };
    this.#values.set(name, values);
    values[contender].push(value);
  }

  /** A row for each figure; one without figures, under the case's own name, when all contenders failed. */
  rows(bench: Bench, failed: ReadonlySet<Contender>, caseName: string): BenchRow[] {
    if (this.#values.size === 0) return [row(bench, caseName, { terrarium: null, qemu: null, v86: null })];
    return [...this.#values].map(([name, values]) => {
      const figure = (contender: Contender) =>
        failed.has(contender) || values[contender].length === 0 ? null : rounded(median(values[contender]));
      return row(bench, name, { terrarium: figure('terrarium'), qemu: figure('qemu'), v86: figure('v86') });
    });
  }
}

const rounded = (value: number): number => Number(value.toPrecision(4));

function row(bench: Bench, name: string, figures: Record<Contender, number | null>): BenchRow {
  const ratio = (peer: number | null): number | null => {
    if (figures.terrarium === null || peer === null) return null;
    return rounded(bench.better === 'lower' ? peer / figures.terrarium : figures.terrarium / peer);
  };
  return {
    ...{ bench: bench.name, case: name, unit: bench.unit, ...figures },
    ...{ toQemu: ratio(figures.qemu), toV86: ratio(figures.v86) },
  };
}

function meanRow(bench: Bench, rows: readonly BenchRow[]): BenchRow {
  const mean = (name: Contender | RatioName): number | null => {
    const values = rows.map((row) => row[name]);
    return values.length > 0 && values.every((value) => value !== null) ? rounded(geometricMean(values)) : null;
  };
  return {
    ...{ bench: bench.name, case: 'geometric mean', unit: bench.unit },
    ...{ terrarium: mean('terrarium'), qemu: mean('qemu'), v86: mean('v86') },
    ...{ toQemu: mean('toQemu'), toV86: mean('toV86') },
  };
}

const summary = (figures: Readonly<Record<string, number>>, unit: string): string =>
  `${Object.entries(figures)
    .map(([name, value]) => `${name} ${format(value)}`)
    .join(', ')} ${unit}`;

function format(value: number | null): string {
  if (value === null) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const times = (ratio: number | null): string => (ratio === null ? '-' : `${ratio.toFixed(2)}x`);

export function table(bench: Bench, rows: readonly BenchRow[]): string {
  const header = [bench.name, 'unit', 'Terrarium', 'QEMU TCG', 'v86', 'to QEMU', 'to v86'];
  const cells = rows.map((row) => [
    row.case,
    row.unit,
    format(row.terrarium),
    format(row.qemu),
    format(row.v86),
    times(row.toQemu),
    times(row.toV86),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)));
  const lines = [header, ...cells].map((line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return `${lines.join('\n')}\n(medians; ${bench.better} is better; the last columns say how many times better Terrarium is)`;
}
