declare const brand: unique symbol;

/** Physical address as the processor puts it on the bus, in bytes. A JavaScript number: exact to 2^53. */
export type PhysAddr = number & { readonly [brand]?: 'PhysAddr' };

/** Linear address (segment base + effective address), before paging, in bytes. */
export type LinearAddr = number & { readonly [brand]?: 'LinearAddr' };
