import type { OptionSpec } from './options.ts';

export const SERVE_OPTIONS: readonly OptionSpec[] = [
  { name: 'port', value: 'NUMBER', help: 'port on 127.0.0.1 (default: any free one)' },
  {
    name: 'library',
    value: 'FOLDER',
    help: 'folder of the machine library (default: TERRARIUM_LIBRARY, or that of the platform)',
  },
  { name: 'json', help: 'print one JSON object with the address when it is open' },
];
