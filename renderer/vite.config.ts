import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

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
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
