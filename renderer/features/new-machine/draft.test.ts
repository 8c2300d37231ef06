import { describe, expect, test } from 'vitest';
import type { CallName, MachineDraft } from '../../../core/contract/index.ts';
import type { Client } from '../../ipc/client.ts';
import { createMachine, fieldsOf, memoryOf, problemsOf, type NewMachineForm } from './draft.ts';

const blank: NewMachineForm = {
  ...{ name: 'DOS', group: '', template: 'other', memoryMiB: 64, cpuModel: 'default', pointer: 'absolute' },
  ...{ clock: 'host', imageFrom: 'none', imageKind: 'floppy', imageFile: null, imagePath: '', imageMedium: null },
  ...{ imageWritable: false, disk: 'none', diskMiB: 512, diskMedium: null, start: false },
};
const memory = { min: 1, max: 3072 };
const still = { onProgress: () => {}, signal: new AbortController().signal };

/** Answers calls from a table, and remembers them. */
function fakeClient(answers: Partial<Record<CallName, unknown>>) {
  const calls: [CallName, unknown][] = [];
  const failure = { ok: false, error: { code: 'internal', message: 'no' } };
  const client = {
    call: async (name: CallName, params: unknown) => {
      calls.push([name, params]);
      return name in answers ? { ok: true, value: answers[name] } : failure;
    },
    importFile: async () => ({ ok: true, value: { id: 'imported' } }),
  } as unknown as Client;
  return { client, calls };
}

describe('a new machine', () => {
  test('has its new disk, and boots from its image first', async () => {
    const { client, calls } = fakeClient({
      'media.list': { media: [] },
      'media.create': { id: 'd' },
      'machines.create': {},
    });

    await createMachine(
      client,
      { ...blank, imageFrom: 'file', imageKind: 'cdrom', imageFile: new File([], 'x.iso'), disk: 'new' },
      still,
    );

    const draft = calls.find(([name]) => name === 'machines.create')?.[1] as MachineDraft;
    expect(draft).toMatchObject({
      disks: [{ path: 'medium:d', writable: true }],
      cdrom: { path: 'medium:imported', writable: false },
      bootOrder: ['cdrom', 'floppy', 'disk'],
    });
  });

  test('that cannot be made leaves no media behind', async () => {
    const { client, calls } = fakeClient({ 'media.list': { media: [] }, 'media.create': { id: 'd' } });

    const created = await createMachine(client, { ...blank, disk: 'new' }, still);

    expect(created.ok).toBe(false);
    expect(calls.at(-1)).toEqual(['media.remove', { id: 'd' }]);
  });

  test('needs a name, memory within the limits, and what it says that it begins with', () => {
    const wrong = { ...blank, name: ' ', memoryMiB: 4096, imageFrom: 'path', disk: 'new', diskMiB: '' } as const;
    expect([...problemsOf(wrong, memory)]).toEqual(['name', 'memory', 'image', 'disk']);
    expect([...problemsOf(blank, memory)]).toEqual([]);
  });
});

test('a template decides the parts, within the limits', () => {
  expect(fieldsOf('dos', 3072, undefined)).toMatchObject({ template: 'dos', disk: 'new' });
  expect(fieldsOf('kolibrios', 16, undefined)).toMatchObject({ memoryMiB: 16, disk: 'none' });
});

test.each([
  ['nothing is preferred: what the system needs', 'linux', undefined, 256],
  ['another system has what is preferred', 'other', 48, 48],
  ['a system that needs more has that', 'linux', 128, 256],
  ['one that needs less has what is preferred', 'linux', 1024, 1024],
  ['one that cannot bear so much has what it can', 'windows9x', 2048, 512],
])('%s', (_, template, preferredMiB, expectedMiB) => {
  expect(memoryOf(template, preferredMiB)).toBe(expectedMiB);
});
