import { ChunkReader, nameOfRow } from './chunks.ts';
import type { Library } from './library.ts';
import { logNumbers, logPath } from './log-files.ts';
import type { ChunkName } from './name.ts';
import { attachedMedia, listMedia, listSnapshots, rootsOf, type TreeRef } from './rows.ts';
import { TreeReader, levelsFor } from './tree.ts';

export interface Owner {
  readonly kind: 'medium' | 'snapshot';
  readonly id: string;
  readonly name: string;
  /** Of a snapshot: the machine. */
  readonly machine: string | undefined;
  /** Stored bytes of all that it needs; of a disk also what is not in its tree yet. */
  readonly bytes: number;
  /** Of these, what nothing else needs: what its removal gives back. */
  readonly uniqueBytes: number;
}

/** A machine's disks and snapshots together. */
export interface MachineUsage {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** Of these, what no other machine and no medium without a machine needs. */
  readonly uniqueBytes: number;
}

export interface Usage {
  readonly owners: readonly Owner[];
  readonly machines: readonly MachineUsage[];
  /** Stored bytes of all chunks, and of those that nothing needs any more. */
  readonly storedBytes: number;
  readonly garbageBytes: number;
  /** Bytes in logs: written by guests and not in a tree yet. */
  readonly logBytes: number;
}

const SHARED = -1;

/** Who needs how much of a library. Reads every node, and without `byMachine: false` looks at each twice. */
export function usageOf(library: Library, { byMachine = true } = {}): Usage {
  const chunks = new ChunkReader(library);
  const trees = new TreeReader(chunks);
  try {
    const sizes = new Map<ChunkName, number>();
    let storedBytes = 0;
    const rows = library.database.prepare('SELECT name, stored_bytes FROM chunk').iterate();
    for (const row of rows as IterableIterator<{ name: Uint8Array; stored_bytes: number }>) {
      sizes.set(nameOfRow(row), row.stored_bytes);
      storedBytes += row.stored_bytes;
    }
    const owners = [
      ...listMedia(library).map((medium) => ({
        kind: 'medium' as const,
        id: medium.id,
        name: medium.name,
        machine: undefined,
        roots: [medium as TreeRef],
        logBytes: logBytes(library, medium.id, medium.firstLog),
      })),
      ...listSnapshots(library).map((snapshot) => ({
        kind: 'snapshot' as const,
        id: snapshot.id,
        name: snapshot.name,
        machine: snapshot.machine,
        roots: rootsOf(snapshot),
        logBytes: 0,
      })),
    ];
    const machines = byMachine ? machinesOf(library) : [];
    const shares = sharesOf(trees, owners, sizes);
    return {
      machines: machineUsage(trees, machines, owners, sizes),
      owners: owners.map(({ kind, id, name, machine }, i) => ({
        kind,
        id,
        name,
        machine,
        ...shares.parts[i],
      })),
      storedBytes,
      garbageBytes: storedBytes - shares.neededBytes,
      logBytes: sum(owners.map((owner) => owner.logBytes)),
    };
  } finally {
    chunks.dispose();
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Machines with the media of the library that they attach. */
function machinesOf({ database }: Library): { id: string; name: string; media: Set<string> }[] {
  const rows = database.prepare('SELECT id, name, config FROM machine ORDER BY name').all() as {
    id: string;
    name: string;
    config: string;
  }[];
  return rows.map(({ id, name, config }) => ({ id, name, media: attachedMedia(config) }));
}

interface Part {
  readonly roots: readonly TreeRef[];
  readonly logBytes: number;
}

/** What each part needs, and what of that no other does. */
function sharesOf(
  trees: TreeReader,
  parts: readonly Part[],
  sizes: ReadonlyMap<ChunkName, number>,
): { parts: { bytes: number; uniqueBytes: number }[]; neededBytes: number } {
  const ownerOf = new Map<ChunkName, number>();
  const shares = parts.map(({ roots, logBytes: bytes }, part) => {
    const share = { bytes, uniqueBytes: bytes };
    const seen = new Set<ChunkName>();
    for (const { root, sizeBytes } of roots)
      trees.walk(root, levelsFor(sizeBytes), (name) => {
        if (seen.has(name)) return false;
        seen.add(name);
        share.bytes += sizes.get(name) ?? 0;
        ownerOf.set(name, (ownerOf.get(name) ?? part) === part ? part : SHARED);
        return true;
      });
    return share;
  });
  let neededBytes = 0;
  for (const [name, owner] of ownerOf) {
    const bytes = sizes.get(name) ?? 0;
    neededBytes += bytes;
    if (owner !== SHARED) shares[owner].uniqueBytes += bytes;
  }
  return { parts: shares, neededBytes };
}

function machineUsage(
  trees: TreeReader,
  machines: readonly { readonly id: string; readonly name: string; readonly media: ReadonlySet<string> }[],
  owners: readonly (Part & { readonly kind: string; readonly id: string; readonly machine: string | undefined })[],
  sizes: ReadonlyMap<ChunkName, number>,
): MachineUsage[] {
  if (machines.length === 0) return [];
  const joined = (own: readonly Part[]): Part => ({
    roots: own.flatMap(({ roots }) => roots),
    logBytes: sum(own.map(({ logBytes }) => logBytes)),
  });
  const parts = machines.map(({ id, media }) => joined(owners.filter((o) => o.machine === id || media.has(o.id))));
  // What no machine attaches is a part, too: it shares with those that are cloned from it.
  const others = owners.filter(({ id, kind }) => kind === 'medium' && !machines.some(({ media }) => media.has(id)));
  const shares = sharesOf(trees, [...parts, joined(others)], sizes);
  return machines.map(({ id, name }, i) => ({ id, name, ...shares.parts[i] }));
}

function logBytes(library: Library, medium: string, firstLog: number): number {
  let bytes = 0;
  for (const log of logNumbers(library, medium)) {
    if (log < firstLog) continue;
    const fd = library.io.open(logPath(library, medium, log), 'r');
    bytes += library.io.size(fd);
    library.io.close(fd);
  }
  return bytes;
}
