import { describe, expect, test } from 'vitest';
import { CALLS, type LogEntry } from '../../core/contract/index.ts';
import type { Handlers } from '../services/services.ts';
import { createRouter } from './router.ts';

const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const ours = { trusted: true, description: 'test window' };

function routerWith(handlers: Partial<Record<keyof Handlers, (args: never) => Promise<unknown>>>) {
  const log: Omit<LogEntry, 'at'>[] = [];
  const called: [string, unknown][] = [];
  const all = Object.fromEntries(
    Object.keys(CALLS).map((name) => [
      name,
      async (args: never) => {
        called.push([name, args]);
        return (await handlers[name as keyof Handlers]?.(args)) ?? { ok: true, value: {} };
      },
    ]),
  ) as unknown as Handlers;
  return { route: createRouter({ handlers: all, log: (entry) => void log.push(entry) }), log, called };
}

describe('the router', () => {
  test('hands a good call on, with defaults filled in', async () => {
    const { route, called } = routerWith({
      'media.check': async () => ({ ok: false, error: { code: 'file.missing', message: 'gone' } }),
    });
    const answer = await route(ours, { call: 'media.check', params: { path: '/a', kind: 'floppy' } });
    expect(called).toEqual([['media.check', { path: '/a', kind: 'floppy', writable: false }]]);
    expect(answer).toEqual({ ok: false, error: { code: 'file.missing', message: 'gone' } });
  });

  test.each([
    ['call.malformed', undefined],
    ['call.malformed', null],
    ['call.malformed', 'machines.list'],
    ['call.malformed', []],
    ['call.malformed', { call: 7 }],
    ['call.malformed', { call: 'machines.list', params: {}, more: 1 }],
    ['call.malformed', { call: 'x'.repeat(1000) }],
    ['call.unknown', { call: 'machines.explode' }],
    ['call.unknown', { call: 'constructor' }],
    ['call.unknown', { call: '__proto__' }],
    ['call.malformed', { call: 'machines.start' }],
    ['call.malformed', { call: 'machines.start', params: { id: '../../etc' } }],
    ['call.malformed', { call: 'machines.start', params: { id: ID, force: true } }],
    ['call.malformed', { call: 'machines.create', params: { name: 'x', memoryMiB: 0 } }],
    ['call.malformed', { call: 'machines.create', params: { name: 'x', disks: 'all' } }],
    ['call.malformed', { call: 'machines.list', params: [] }],
  ])('refuses with %s and logs %j, and nothing is called', async (code, request) => {
    const { route, log, called } = routerWith({});
    expect(await route(ours, request)).toMatchObject({ ok: false, error: { code } });
    expect(log).toMatchObject([{ source: 'router', code }]);
    expect(called).toEqual([]);
  });

  test('refuses any call of a foreign sender before looking at it', async () => {
    const { route, log, called } = routerWith({});
    const foreign = { trusted: false, description: 'https://evil.example' };
    expect(await route(foreign, { call: 'machines.list' })).toMatchObject({
      ok: false,
      error: { code: 'call.sender' },
    });
    expect(log).toMatchObject([{ code: 'call.sender', message: expect.stringContaining('evil.example') }]);
    expect(called).toEqual([]);
  });

  test('a handler that throws is an internal error, not an exception', async () => {
    const { route, log } = routerWith({ 'machines.list': async () => Promise.reject(new Error('bug')) });
    expect(await route(ours, { call: 'machines.list' })).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(log).toMatchObject([{ code: 'internal' }]);
  });

  test('a result that does not fit its schema does not leave', async () => {
    const { route } = routerWith({ 'machines.list': async () => ({ ok: true, value: { machines: [], secret: 1 } }) });
    expect(await route(ours, { call: 'machines.list' })).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  test('random requests never throw', async () => {
    const { route } = routerWith({});
    const values = [
      undefined,
      null,
      0,
      NaN,
      '',
      'machines.start',
      [],
      {},
      { id: ID },
      new Date(0),
      1n,
      () => 1,
      Symbol.iterator,
    ];
    for (const call of values)
      for (const params of values) expect(await route(ours, { call, params })).toHaveProperty('ok');
  });
});
