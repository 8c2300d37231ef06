import type { MachineConfig } from '../../core/contract/machine.ts';
import { parseConfig } from '../../core/contract/stored-machine.ts';
import type { Library } from '../../core/store/index.ts';

/** Changes a machine's configuration in its library. The caller holds the machine's lock. */
export function changeConfig(
  library: Library,
  machine: string,
  change: (config: MachineConfig) => Partial<MachineConfig>,
): void {
  library.database
    .transaction(() => {
      const text = library.database.prepare('SELECT config FROM machine WHERE id = ?').pluck().get(machine);
      const config = parseConfig(String(text), `machine ${machine}`);
      library.database
        .prepare('UPDATE machine SET config = ? WHERE id = ?')
        .run(JSON.stringify({ ...config, ...change(config) }), machine);
    })
    .immediate();
}
