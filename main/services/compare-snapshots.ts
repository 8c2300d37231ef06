import { statSync } from 'node:fs';
import type { CallResult } from '../../core/contract/index.ts';
import {
  ChunkReader,
  TreeReader,
  getMedium,
  getPosition,
  getSnapshot,
  levelsFor,
  logNumbers,
  logPath,
  nameToBlob,
  type ChunkName,
  type Library,
  type TreeRef,
} from '../../core/store/index.ts';

type Comparison = CallResult<'snapshots.compare'>;

/** What a state of a machine holds, by part: the place of a disk, or `memory` (with devices and the picture). */
type State = ReadonlyMap<string, Part>;

interface Part {
  readonly roots: readonly TreeRef[];
  /** Written by the guest and in no tree yet: nothing else has it. */
  readonly logBytes: number;
}

/** Two states of a machine side by side: what is stored of each, and what of that is the same. Undefined: the present. */
export function compareStates(
  library: Library,
  machine: string,
  disks: readonly { readonly place: string; readonly medium: string }[],
  [first, second]: readonly [string | undefined, string | undefined],
): Comparison {
  const stateOf = (id: string | undefined): State =>
    id === undefined ? presentState(library, machine, disks) : partsOf(library, id);
  const one = stateOf(first);
  const other = first === second ? one : stateOf(second);
  const places = [...new Set([...one.keys(), ...other.keys()])].sort(byPlace);
  const chunks = new ChunkReader(library);
  const trees = new TreeReader(chunks);
  const size = library.database.prepare('SELECT stored_bytes FROM chunk WHERE name = ?').pluck();
  const bytesOf = (name: ChunkName): number => (size.get(nameToBlob(name)) as number | undefined) ?? 0;
  try {
    return {
      parts: places.map((place) => {
        const [mine, its] = [one.get(place), other.get(place)];
        const names = namesOf(trees, mine);
        const sum = { firstBytes: mine?.logBytes ?? 0, secondBytes: its?.logBytes ?? 0, sharedBytes: 0 };
        for (const name of names) sum.firstBytes += bytesOf(name);
        for (const name of namesOf(trees, its)) {
          const bytes = bytesOf(name);
          sum.secondBytes += bytes;
          if (names.has(name)) sum.sharedBytes += bytes;
        }
        // The present state beside itself: its logs are the same too.
        if (mine && mine === its) sum.sharedBytes = sum.firstBytes;
        return { place, ...sum, inFirst: mine !== undefined, inSecond: its !== undefined };
      }),
    };
  } finally {
    chunks.dispose();
  }
}

const byPlace = (one: string, other: string): number =>
  Number(one === 'memory') - Number(other === 'memory') || one.localeCompare(other);

function namesOf(trees: TreeReader, part: Part | undefined): ReadonlySet<ChunkName> {
  const names = new Set<ChunkName>();
  for (const { root, sizeBytes } of part?.roots ?? [])
    trees.walk(root, levelsFor(sizeBytes), (name) => !names.has(name) && Boolean(names.add(name)));
  return names;
}

function partsOf(library: Library, id: string): Map<string, Part> {
  const { disks, memory, state, picture } = getSnapshot(library, id);
  const parts = new Map<string, Part>(disks.map((disk) => [disk.place, { roots: [disk], logBytes: 0 }]));
  if (memory) {
    const roots = [memory, state, picture].filter((ref) => ref !== undefined);
    parts.set('memory', { roots, logBytes: 0 });
  }
  return parts;
}

/** Its disks as they are, and its memory where that is stored: of a machine that is saved. */
function presentState(
  library: Library,
  machine: string,
  disks: readonly { readonly place: string; readonly medium: string }[],
): State {
  const { resume } = getPosition(library, machine);
  const memory = resume === undefined ? undefined : partsOf(library, resume).get('memory');
  return new Map([
    ...disks.map(({ place, medium }): [string, Part] => {
      const { firstLog, ...tree } = getMedium(library, medium);
      const logs = logNumbers(library, medium).filter((log) => log >= firstLog);
      const bytes = logs.map((log) => statSync(logPath(library, medium, log)).size);
      return [place, { roots: [tree], logBytes: bytes.reduce((sum, one) => sum + one, 0) }];
    }),
    ...(memory ? [['memory', memory] as const] : []),
  ]);
}
