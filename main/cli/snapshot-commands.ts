import type { CommandContext, Commands, Outcome } from './command-context.ts';
import { formatSize } from './sizes.ts';

export const SNAPSHOT_COMMANDS: Commands = {
  'snapshot take': take,
  'snapshot list': list,
  'snapshot restore': restore,
  'snapshot delete': remove,
  clone: clone,
  fork: fork,
};

async function take(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const name = c.names[1] ?? `Snapshot ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
  const taken = await c.ask('snapshots.take', {
    machine: config.id,
    name,
    note: c.option('note') ?? '',
    memory: !c.has('no-memory'),
  });
  const { pauseMs, totalMs, addedBytes } = taken.captured;
  return {
    value: taken,
    lines: [
      `"${name}" ${taken.id}: ${formatSize(addedBytes)} stored in ${Math.round(totalMs)} ms` +
        (pauseMs > 0 ? `, the machine stood still for ${pauseMs.toFixed(1)} ms` : ''),
    ],
  };
}

async function list(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const { snapshots } = await c.ask('snapshots.list', { machine: config.id });
  const lines: string[] = [];
  const branch = (parent: string | null, indent: string): void => {
    for (const snapshot of snapshots.filter((s) => s.parent === parent)) {
      const { name, note, createdAt, hasMemory, current, uniqueBytes, id } = snapshot;
      lines.push(
        `${indent}${name}${current ? ' *' : ''}  ${createdAt.slice(0, 19).replace('T', ' ')}  ` +
          `${hasMemory ? 'with memory' : 'disks'}  ${formatSize(uniqueBytes)} of its own  ${id}`,
        ...note.split('\n').flatMap((line) => (line === '' ? [] : [`${indent}  ${line}`])),
      );
      branch(id, `${indent}  `);
    }
  };
  branch(null, '');
  return { value: { snapshots }, lines };
}

async function restore(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const snapshot = await c.snapshot(config.id, c.names[1]);
  const keep = c.option('keep');
  const info = await c.ask('snapshots.restore', {
    id: snapshot.id,
    ...(keep !== undefined && { keepCurrent: keep }),
  });
  return {
    value: info,
    lines: [
      `${config.name} is as at "${snapshot.name}"${snapshot.hasMemory ? ', and goes on there when started' : ''}`,
    ],
  };
}

async function remove(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const snapshot = await c.snapshot(config.id, c.names[1]);
  await c.ask('snapshots.delete', { id: snapshot.id });
  return { value: { deleted: snapshot.id }, lines: [`"${snapshot.name}" is deleted`] };
}

async function clone(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const from = c.option('snapshot');
  const snapshot = from === undefined ? undefined : (await c.snapshot(config.id, from)).id;
  const info = await c.ask('machines.clone', {
    id: config.id,
    name: c.names[1],
    full: c.has('full'),
    ...(snapshot !== undefined && { snapshot }),
  });
  return { value: info, lines: [`${info.config.name} ${info.config.id}`] };
}

async function fork(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const forked = await c.ask('machines.fork', {
    id: config.id,
    name: c.names[1],
    start: !c.has('no-start'),
  });
  const { pauseMs, totalMs } = forked.captured;
  return {
    value: forked,
    lines: [
      `${forked.machine.config.name} ${forked.machine.config.id}: ${config.name} stood still for ` +
        `${pauseMs.toFixed(1)} ms, stored in ${Math.round(totalMs)} ms`,
    ],
  };
}
