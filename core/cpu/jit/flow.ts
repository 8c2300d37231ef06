/**
 * Control flow of a region as structured loops: which edges go back, which are dispatched, where paths meet, in the
 * order in which code is emitted. Norman Ramsey, "Beyond Relooper" (ICFP 2022), gives the translation; what its
 * reducible graphs exclude here goes through a dispatch at the root, as do entries from outside.
 */

/** A node is a block; the root, which dispatches to the entries, is the number after the last. */
export interface FlowGraph {
  readonly count: number;
  /** Targets by block, an entry for each branch. */
  readonly edges: readonly (readonly number[])[];
  /** Blocks that are reached from outside or by a computed jump. */
  readonly entries: readonly number[];
  /** Instructions by block. */
  readonly weights: readonly number[];
}

export type EdgeKind =
  /** To the loop that starts at the target. */
  | 'back'
  /** Forward, to a block where several paths meet. */
  | 'merge'
  /** Forward, and nothing else comes there: the target stands in place of the branch. */
  | 'inline'
  /** Through the root. */
  | 'dispatch';

export class Flow {
  readonly root: number;
  /** Blocks reached through the root, in the order of the dispatch. */
  readonly entries: readonly number[];
  readonly #order: readonly number[];
  /** Position in reverse post-order; -1: not reachable. */
  readonly #position: Int32Array;
  readonly #known: ReadonlySet<number>;
  readonly #dispatched: ReadonlySet<number>;
  readonly #loops = new Set<number>();
  readonly #meets = new Set<number>();
  readonly #children: number[][] = [];
  readonly #dominator: Int32Array;
  /** Where control comes from. */
  readonly #before: number[][] = [];
  /** Most instructions from the start of a block to the next check of the budget. */
  readonly #reach: Int32Array;

  constructor(graph: FlowGraph) {
    this.root = graph.count;
    const entries = new Set(graph.entries);
    const dispatched = new Set<number>();
    let order: number[];
    let position: Int32Array;
    let dominator: Int32Array;
    let edges: number[][];
    // Each round takes edges out that enter a cycle beside its header; their targets become entries.
    for (;;) {
      edges = graph.edges.map((targets, from) => targets.filter((to) => !dispatched.has(key(from, to))));
      edges.push([...entries]);
      order = reversePostOrder(edges, this.root);
      position = new Int32Array(graph.count + 1).fill(-1);
      order.forEach((node, i) => (position[node] = i));
      dominator = dominators(edges, order, position);
      let stable = true;
      for (const from of order)
        for (const to of edges[from])
          if (position[to] <= position[from] && !dominates(dominator, position, to, from)) {
            dispatched.add(key(from, to));
            entries.add(to);
            stable = false;
          }
      if (stable) break;
    }
    this.#order = order;
    this.#position = position;
    this.#known = new Set(graph.edges.flatMap((targets, from) => targets.map((to) => key(from, to))));
    this.#dispatched = dispatched;
    this.entries = [...entries].filter((node) => position[node] >= 0);
    const forward = new Int32Array(graph.count + 1);
    for (const from of order)
      for (const to of edges[from])
        if (position[to] <= position[from]) this.#loops.add(to);
        else if (++forward[to] === 2 || from === this.root) this.#meets.add(to);
    for (let node = 0; node <= graph.count; node++) this.#children.push([]);
    // The farthest first: its label is the outermost.
    for (const node of order.slice(1).reverse()) this.#children[dominator[node]].push(node);
    this.#dominator = dominator;
    for (let node = 0; node <= graph.count; node++) this.#before.push([]);
    for (const from of order) for (const to of edges[from]) this.#before[to].push(from);
    this.#reach = this.#longestPaths(edges, graph.weights);
  }

  #longestPaths(edges: readonly (readonly number[])[], weights: readonly number[]): Int32Array {
    const reach = new Int32Array(this.root + 1);
    for (const node of [...this.#order].reverse()) {
      let longest = 0;
      for (const to of edges[node])
        if (this.#position[to] > this.#position[node] && (!this.#loops.has(to) || node === this.root))
          longest = Math.max(longest, this.#loops.has(to) ? 0 : reach[to]);
      reach[node] = longest + (weights[node] ?? 0);
    }
    return reach;
  }

  isLoop(node: number): boolean {
    return this.#loops.has(node);
  }

  /** Instructions that run at most from here to the next check of the budget. */
  reach(node: number): number {
    return this.#reach[node];
  }

  /**
   * Blocks that may run after the last pass of the block that every way to `node` passes, its dominator, and before `node`;
   * `node` itself when it is in a loop with them.
   */
  between(node: number): number[] {
    const found = new Set<number>();
    const pending = [...this.#before[node]];
    for (const from of pending) {
      if (from === this.#dominator[node] || found.has(from)) continue;
      found.add(from);
      pending.push(...this.#before[from]);
    }
    return [...found];
  }

  /** Blocks whose code follows that of `node` because paths from it meet there, the farthest first. */
  followers(node: number): number[] {
    return this.#children[node].filter((child) => this.#meets.has(child));
  }

  /** Undefined: no such edge was declared. */
  kind(from: number, to: number): EdgeKind | undefined {
    if (!this.#known.has(key(from, to))) return undefined;
    if (this.#dispatched.has(key(from, to))) return 'dispatch';
    if (this.#position[to] <= this.#position[from]) return 'back';
    return this.#meets.has(to) ? 'merge' : 'inline';
  }
}

/** Of an edge. */
const key = (from: number, to: number): number => from * 2 ** 16 + to;

function reversePostOrder(edges: readonly (readonly number[])[], root: number): number[] {
  const order: number[] = [];
  const seen = new Set([root]);
  // Depth first without recursion: a node is done when its edges are.
  const stack = [{ node: root, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const to = edges[top.node][top.next++];
    if (to === undefined) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      stack.push({ node: to, next: 0 });
    }
  }
  return order.reverse();
}

/** Immediate dominators. Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm". */
function dominators(edges: readonly (readonly number[])[], order: readonly number[], position: Int32Array): Int32Array {
  const before: number[][] = edges.map(() => []);
  for (const from of order) for (const to of edges[from]) before[to].push(from);
  const dominator = new Int32Array(edges.length).fill(-1);
  dominator[order[0]] = order[0];
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order.slice(1)) {
      let common = -1;
      for (const from of before[node]) {
        if (dominator[from] < 0) continue;
        common = common < 0 ? from : meet(common, from);
      }
      if (dominator[node] !== common) {
        dominator[node] = common;
        changed = true;
      }
    }
  }
  return dominator;

  function meet(a: number, b: number): number {
    while (a !== b) {
      while (position[a] > position[b]) a = dominator[a];
      while (position[b] > position[a]) b = dominator[b];
    }
    return a;
  }
}

function dominates(dominator: Int32Array, position: Int32Array, node: number, other: number): boolean {
  while (position[other] > position[node]) other = dominator[other];
  return other === node;
}
