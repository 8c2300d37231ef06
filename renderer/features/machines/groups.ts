import type { MachineInfo } from '../../../core/contract/index.ts';

export interface GroupLine {
  readonly kind: 'group';
  readonly path: string;
  readonly name: string;
  readonly level: number;
  readonly open: boolean;
  readonly machines: readonly string[];
}

/** A line of the list: a group, or a machine in it. */
export type Line = GroupLine | { readonly kind: 'machine'; readonly machine: MachineInfo; readonly level: number };

interface Node {
  readonly groups: Map<string, Node>;
  readonly machines: MachineInfo[];
}

const newNode = (): Node => ({ groups: new Map(), machines: [] });

const all = (node: Node): string[] => [
  ...[...node.groups.values()].flatMap(all),
  ...node.machines.map(({ config }) => config.id),
];

/** The list as lines: groups first, each with what is in it below it unless it is closed. Machines keep their order. */
export function linesOf(machines: readonly MachineInfo[], closed: ReadonlySet<string>): Line[] {
  const root = newNode();
  for (const machine of machines) {
    let node = root;
    for (const name of machine.config.group === '' ? [] : machine.config.group.split('/')) {
      const inner = node.groups.get(name) ?? newNode();
      node.groups.set(name, inner);
      node = inner;
    }
    node.machines.push(machine);
  }
  const names = new Intl.Collator(undefined, { numeric: true });
  const walk = (node: Node, path: string, level: number): Line[] => [
    ...[...node.groups]
      .sort(([a], [b]) => names.compare(a, b))
      .flatMap(([name, inner]): Line[] => {
        const innerPath = path === '' ? name : `${path}/${name}`;
        const open = !closed.has(innerPath);
        const group: Line = { kind: 'group', path: innerPath, name, level, open, machines: all(inner) };
        return open ? [group, ...walk(inner, innerPath, level + 1)] : [group];
      }),
    ...node.machines.map((machine): Line => ({ kind: 'machine', machine, level })),
  ];
  return walk(root, '', 1);
}

/** The line of the group that a line is in; -1 at the top. */
export const outerLine = (lines: readonly Line[], index: number): number =>
  lines.findLastIndex((line, at) => at < index && line.level < lines[index].level);

/** Every group that there is, those in between included. */
export function groupsOf(machines: readonly MachineInfo[]): string[] {
  const paths = new Set<string>();
  for (const { config } of machines) {
    const names = config.group === '' ? [] : config.group.split('/');
    names.forEach((_, depth) => paths.add(names.slice(0, depth + 1).join('/')));
  }
  return [...paths].sort();
}

/** Where a group stands when it is dropped on another ("" is the top); undefined: it cannot be there. */
export function movedGroup(path: string, target: string): string | undefined {
  if (target === path || target.startsWith(`${path}/`)) return undefined;
  const name = path.split('/').at(-1) ?? path;
  return target === '' ? name : `${target}/${name}`;
}

/** The group of a machine in `from` (or below it) once `from` is called `to`. */
export const renamedGroup = (group: string, from: string, to: string): string =>
  group === from ? to : group.startsWith(`${from}/`) ? `${to}${group.slice(from.length)}`.replace(/^\//, '') : group;

/** What the list calls a group's line. */
export const groupKey = (path: string): string => `group:${path}`;

/** The group around a group; "" is the top. */
export const parentOf = (group: string): string => group.split('/').slice(0, -1).join('/');
