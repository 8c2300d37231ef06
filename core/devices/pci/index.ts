/** PCI bus 0, its host interface, and the chipset's functions. */
export * from './i440fx.ts';
export * from './pci-bus.ts';
export * from './pci-config.ts';
export * from './pci-host.ts';
export * from './pci-layout.ts';
export * from './piix3-isa.ts';
export * from './piix4-pm.ts';
export * from './vga-pci.ts';
