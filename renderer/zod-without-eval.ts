import * as z from 'zod';

/** Before the first schema is made: zod would try whether it may compile code, and the page's policy would report it. */
z.config({ jitless: true });
