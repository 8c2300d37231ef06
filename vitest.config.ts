import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['core/**/*.test.ts', 'main/**/*.test.ts', 'renderer/**/*.test.ts?(x)', 'test/**/*.test.ts'],
    exclude: ['test/guest/**', 'test/e2e/**', 'node_modules/**'],
  },
});
