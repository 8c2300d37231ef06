import type { ChunkPlace, ChunkReader, ChunkWriter } from './chunks.ts';
import { damaged } from './errors.ts';
import { CHUNK_BYTES, NAME_BYTES, ZERO_NAME, nameToHex, type ChunkName } from './name.ts';

/**
 * Bytes as a tree of chunks: a node is FANOUT names, each of a chunk (lowest level) or of a node. A subtree of zeros
 * is ZERO_NAME. Trees are never changed: a new one shares what is the same with the old one.
 */
export const FANOUT = 128;
const NODE_BYTES = FANOUT * NAME_BYTES;
const NODES_KEPT = 1024;
/** Device states and pictures are kept as trees that are read in one piece. */
const SMALL_BYTES_MAX = 256 << 20;

export const chunkCount = (sizeBytes: number): number => Math.ceil(sizeBytes / CHUNK_BYTES);

/** Levels of nodes above the chunks; at least one. */
export function levelsFor(sizeBytes: number): number {
  let levels = 1;
  for (let reach = FANOUT; reach < chunkCount(sizeBytes); reach *= FANOUT) levels++;
  return levels;
}

const childOf = (node: Buffer, index: number): ChunkName =>
  node.toString('latin1', index * NAME_BYTES, (index + 1) * NAME_BYTES);

/** So many chunks of one node are looked up alone; whoever reads more will read others, too. All take as long as fifty. */
const LOOKED_UP_ALONE = 8;

interface KeptNode {
  readonly bytes: Buffer;
  lookedUp: number;
  /** Where what it names lies, or did when it was looked up. */
  places?: readonly (ChunkPlace | undefined)[];
}

/** Reads trees, with the nodes of late kept. */
export class TreeReader {
  readonly chunks: ChunkReader;
  readonly #nodes = new Map<ChunkName, KeptNode>();

  constructor(chunks: ChunkReader) {
    this.chunks = chunks;
  }

  node(name: ChunkName): Buffer {
    return this.#node(name).bytes;
  }

  #node(name: ChunkName): KeptNode {
    const kept = this.#nodes.get(name);
    if (kept) return kept;
    const bytes = this.chunks.read(name);
    if (bytes.length !== NODE_BYTES) throw damaged(`node ${nameToHex(name)} has ${bytes.length} bytes`);
    if (this.#nodes.size >= NODES_KEPT) this.#nodes.delete(this.#nodes.keys().next().value!);
    const node = { bytes, lookedUp: 0 };
    this.#nodes.set(name, node);
    return node;
  }

  /** The name of chunk `index` of a tree of so many levels. */
  leaf(root: ChunkName, levels: number, index: number): ChunkName {
    const node = this.#above(root, levels, index);
    return node ? childOf(node.bytes, index % FANOUT) : ZERO_NAME;
  }

  /** The node that names chunk `index`; undefined: zeros. */
  #above(root: ChunkName, levels: number, index: number): KeptNode | undefined {
    let name = root;
    for (let level = levels; level > 1 && name !== ZERO_NAME; level--)
      name = childOf(this.node(name), Math.floor(index / FANOUT ** (level - 1)) % FANOUT);
    return name === ZERO_NAME ? undefined : this.#node(name);
  }

  /**
   * Chunk `index` of a tree of so many levels, in `target` if it has the right length; undefined: zeros. For whoever reads
   * many chunks in no order.
   */
  chunk(root: ChunkName, levels: number, index: number, target?: Buffer): Buffer | undefined {
    const node = this.#above(root, levels, index);
    if (!node) return undefined;
    const child = index % FANOUT;
    const chunk = childOf(node.bytes, child);
    if (chunk === ZERO_NAME) return undefined;
    return this.chunks.read(chunk, target, () => this.#placeOf(node, child));
  }

  #placeOf(node: KeptNode, child: number): ChunkPlace | undefined {
    if (!node.places) {
      if (++node.lookedUp <= LOOKED_UP_ALONE) return undefined;
      node.places = this.chunks.placesOf(Array.from({ length: FANOUT }, (_, i) => childOf(node.bytes, i)));
    }
    return node.places[child];
  }

  /** Every chunk that is not zeros, in order. */
  *leaves(root: ChunkName, levels: number, first = 0): Generator<readonly [index: number, name: ChunkName]> {
    if (root === ZERO_NAME) return;
    const node = this.node(root);
    const reach = FANOUT ** (levels - 1);
    for (let i = 0; i < FANOUT; i++) {
      const name = childOf(node, i);
      if (name === ZERO_NAME) continue;
      if (levels === 1) yield [first + i, name];
      else yield* this.leaves(name, levels - 1, first + i * reach);
    }
  }

  /** Every node and chunk below `root` that `enter` does not turn away; `enter` is told whether it is a node. */
  walk(root: ChunkName, levels: number, enter: (name: ChunkName, isNode: boolean) => boolean): void {
    if (root === ZERO_NAME || !enter(root, levels > 0) || levels === 0) return;
    const node = this.node(root);
    for (let i = 0; i < FANOUT; i++) this.walk(childOf(node, i), levels - 1, enter);
  }

  /** All of a small tree's bytes. Throws `store.damaged` when it says that it is not small. */
  readAll(root: ChunkName, sizeBytes: number): Uint8Array {
    if (!(sizeBytes >= 0 && sizeBytes <= SMALL_BYTES_MAX)) throw damaged(`a tree that has ${sizeBytes} bytes`);
    const out = new Uint8Array(sizeBytes);
    const room = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (const [index, name] of this.leaves(root, levelsFor(sizeBytes)))
      out.set(this.chunks.read(name, room).subarray(0, sizeBytes - index * CHUNK_BYTES), index * CHUNK_BYTES);
    return out;
  }
}

/** The tree like `root` but with these chunks; nodes go through `writer`. Returns its root. */
export function updateTree(
  reader: TreeReader,
  writer: ChunkWriter,
  root: ChunkName,
  levels: number,
  changes: ReadonlyMap<number, ChunkName>,
): ChunkName {
  if (changes.size === 0) return root;
  const node = root === ZERO_NAME ? Buffer.alloc(NODE_BYTES) : Buffer.from(reader.node(root));
  const put = (child: number, name: ChunkName): void => void node.write(name, child * NAME_BYTES, 'latin1');
  if (levels === 1) for (const [index, name] of changes) put(index, name);
  else {
    const reach = FANOUT ** (levels - 1);
    const byChild = new Map<number, Map<number, ChunkName>>();
    for (const [index, name] of changes) {
      const child = Math.floor(index / reach);
      const group = byChild.get(child);
      if (group) group.set(index % reach, name);
      else byChild.set(child, new Map([[index % reach, name]]));
    }
    for (const [child, group] of byChild)
      put(child, updateTree(reader, writer, childOf(node, child), levels - 1, group));
  }
  return writer.put(node);
}

/** The same chunks as a tree for another size. Growing adds zeros; shrinking drops whole chunks behind the end. */
export function resizeTree(
  reader: TreeReader,
  writer: ChunkWriter,
  root: ChunkName,
  fromBytes: number,
  toBytes: number,
): ChunkName {
  let levels = levelsFor(fromBytes);
  let kept = root;
  // First, since `reader` does not see what `writer` has not committed.
  for (; levels > levelsFor(toBytes) && kept !== ZERO_NAME; levels--) kept = childOf(reader.node(kept), 0);
  const changes = new Map<number, ChunkName>();
  const last = chunkCount(toBytes);
  if (toBytes < fromBytes)
    for (const [index, name] of reader.leaves(kept, levels)) {
      if (index >= last) changes.set(index, ZERO_NAME);
      else if (index === last - 1 && toBytes % CHUNK_BYTES !== 0) {
        const chunk = Buffer.from(reader.chunks.read(name));
        changes.set(index, writer.put(chunk.fill(0, toBytes % CHUNK_BYTES)));
      }
    }
  let resized = updateTree(reader, writer, kept, levels, changes);
  for (; levels < levelsFor(toBytes) && resized !== ZERO_NAME; levels++) {
    const node = Buffer.alloc(NODE_BYTES);
    node.write(resized, 0, 'latin1');
    resized = writer.put(node);
  }
  return resized;
}

/** Stores bytes as a tree (a device's state, a picture). */
export function putBytes(reader: TreeReader, writer: ChunkWriter, bytes: Uint8Array): ChunkName {
  const changes = new Map<number, ChunkName>();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    // A last chunk is padded, so that every chunk but a node has CHUNK_BYTES.
    const chunk = Buffer.alloc(CHUNK_BYTES);
    chunk.set(bytes.subarray(at, at + CHUNK_BYTES));
    changes.set(at / CHUNK_BYTES, writer.put(chunk));
  }
  return updateTree(reader, writer, ZERO_NAME, levelsFor(bytes.length), changes);
}
