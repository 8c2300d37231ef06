import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// A test runner that builds has set it otherwise; what is built is always what people run.
process.env['NODE_ENV'] = 'production';

/**
 * The interface as plain files: relative addresses, so that a page of either shell finds them, and nothing inline, so
 * that a Content-Security-Policy without `unsafe-inline` for scripts holds.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: ['chrome130', 'firefox130', 'safari18'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read from this computer's disk: one file of this size costs less than several.
    chunkSizeWarningLimit: 700,
  },
});
