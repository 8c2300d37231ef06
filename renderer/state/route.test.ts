import { expect, test } from 'vitest';
import { machineHash, machinesHash, parseHash } from './route.ts';

const id = '3f0e6b3c-9a70-4b0e-8f7c-2f1f3a3a5b1d';

test.each([
  ['', { screen: 'machines' }],
  [machinesHash, { screen: 'machines' }],
  [machineHash(id), { screen: 'machine', id }],
  ['#/machines/../../etc', { screen: 'machines' }],
])('the address %s is understood', (hash, route) => {
  expect(parseHash(hash)).toEqual(route);
});
