import { expect, test } from 'vitest';
import { machineConfigSchema } from '../../../core/contract/index.ts';
import { changesOf, formOf } from './settings-form.ts';

const config = machineConfigSchema.parse({
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  name: 'DOS',
  createdAt: '2026-01-01T00:00:00.000Z',
  bootOrder: ['disk'],
  floppies: [null, { path: 'medium:b' }],
  serial: [{ mode: 'console' }, { mode: 'file', path: '/tmp/log' }],
});

test('what is not touched is not changed', () => {
  expect(changesOf(config, formOf(config))).toEqual({});
});

test('only what differs is sent', () => {
  const form = { ...formOf(config), name: ' FreeDOS ', memoryMiB: 32 };
  expect(changesOf(config, form)).toEqual({ name: 'FreeDOS', memoryMiB: 32 });
});

test('boot devices that are left out can be brought back, in their order', () => {
  const form = formOf(config);
  expect(form.bootOrder).toEqual([
    { device: 'disk', enabled: true },
    { device: 'floppy', enabled: false },
    { device: 'cdrom', enabled: false },
  ]);
  const bootOrder = [{ device: 'cdrom', enabled: true } as const, ...form.bootOrder.slice(0, 2)];
  expect(changesOf(config, { ...form, bootOrder })).toEqual({ bootOrder: ['cdrom', 'disk'] });
});

test('a kernel is taken out by emptying its path', () => {
  const withKernel = {
    ...config,
    kernel: { image: '/vmlinuz', initrd: ['/initrd'], append: 'quiet', unpack: 'guest' as const },
  };
  expect(formOf(withKernel)).toMatchObject({ kernelImage: '/vmlinuz', kernelInitrd: '/initrd', kernelAppend: 'quiet' });
  expect(changesOf(withKernel, { ...formOf(withKernel), kernelImage: '' })).toEqual({ kernel: null });
});
