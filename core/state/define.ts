import { ByteReader, ByteWriter, TruncatedError, err, failure, ok, type Result } from '../base/index.ts';
import type { Field, Fields, ValuesOf } from './fields.ts';

/** The one declaration of a part's mutable state: everything else (reset, save, load, debug view) derives from it. */
export interface StateSpec<F extends Fields = Fields> {
  readonly name: string;
  readonly version: number;
  readonly fields: F;
}

export type StateOf<S> = S extends StateSpec<infer F> ? ValuesOf<F> : never;

export function defineState<const F extends Fields>(spec: StateSpec<F>): StateSpec<F> {
  return spec;
}

export function create<F extends Fields>(spec: StateSpec<F>): ValuesOf<F> {
  return Object.fromEntries(Object.entries(spec.fields).map(([name, field]) => [name, field.create()])) as ValuesOf<F>;
}

export function resetState<F extends Fields>(spec: StateSpec<F>, state: ValuesOf<F>): void {
  const values = state as Record<string, unknown>;
  for (const [name, field] of Object.entries(spec.fields)) values[name] = field.reset(values[name]);
}

/** Layout: name, version u16, field count u16, then per field: name, kind, length u32, bytes. */
export function saveState<F extends Fields>(spec: StateSpec<F>, state: ValuesOf<F>): Uint8Array {
  const out = new ByteWriter();
  const entries = Object.entries(spec.fields);
  out.text(spec.name);
  out.u16(spec.version);
  out.u16(entries.length);
  for (const [name, field] of entries) {
    const body = new ByteWriter();
    field.save(body, (state as Record<string, unknown>)[name]);
    out.text(name);
    out.text(field.kind);
    out.blob(body.finish());
  }
  return out.finish();
}

/** Values of a saved state that were found good, for `assignState`. */
export type LoadedState = ReadonlyMap<string, unknown>;

/** Loads into `state`, all or nothing. Errors: those of `readState`. */
export function loadState<F extends Fields>(spec: StateSpec<F>, state: ValuesOf<F>, data: Uint8Array): Result<void> {
  const loaded = readState(spec, data);
  if (!loaded.ok) return loaded;
  assignState(spec, state, loaded.value);
  return ok(undefined);
}

/** What `readState` found good becomes the state. */
export function assignState<F extends Fields>(spec: StateSpec<F>, state: ValuesOf<F>, loaded: LoadedState): void {
  const values = state as Record<string, unknown>;
  for (const [name, field] of Object.entries(spec.fields)) values[name] = field.assign(values[name], loaded.get(name));
}

/**
 * Reads and checks a saved state; nothing is changed. Errors: `state.name`, `state.version` (newer), `state.unknown-field`,
 * `state.missing-field`, `state.kind`, `state.value`, `state.truncated`; each names the part and the field.
 */
export function readState<F extends Fields>(spec: StateSpec<F>, data: Uint8Array): Result<LoadedState> {
  const loaded = new Map<string, unknown>();
  let where = spec.name;
  try {
    const input = new ByteReader(data);
    const name = input.text();
    if (name !== spec.name) return err(failure('state.name', `expected the state of ${spec.name}, found "${name}"`));
    const version = input.u16();
    if (version !== spec.version)
      return err(failure('state.version', `${spec.name}: state version ${version}, this build reads ${spec.version}`));
    const count = input.u16();
    for (let i = 0; i < count; i++) {
      const fieldName = input.text();
      where = `${spec.name}.${fieldName}`;
      const kind = input.text();
      const body = new ByteReader(input.blob());
      const field: Field<unknown> | undefined = Object.hasOwn(spec.fields, fieldName)
        ? spec.fields[fieldName]
        : undefined;
      if (!field) return err(failure('state.unknown-field', `${where}: no such field in version ${spec.version}`));
      if (field.kind !== kind) return err(failure('state.kind', `${where}: saved as ${kind}, expected ${field.kind}`));
      loaded.set(fieldName, field.load(body));
      if (body.remaining !== 0) return err(failure('state.value', `${where}: ${body.remaining} bytes too many`));
    }
    if (input.remaining !== 0) return err(failure('state.value', `${spec.name}: ${input.remaining} bytes too many`));
  } catch (error) {
    if (error instanceof TruncatedError) return err(failure('state.truncated', `${where}: ${error.message}`));
    if (error instanceof RangeError) return err(failure('state.value', `${where}: ${error.message}`));
    throw error;
  }
  for (const name of Object.keys(spec.fields))
    if (!loaded.has(name)) return err(failure('state.missing-field', `${spec.name}.${name}: not in the saved state`));
  return ok(loaded);
}

/** One line per field for the debugger's view. */
export function describeState<F extends Fields>(spec: StateSpec<F>, state: ValuesOf<F>): string[] {
  return Object.entries(spec.fields).map(
    ([name, field]) =>
      `${name} = ${field.show((state as Record<string, unknown>)[name])}${field.doc ? `  (${field.doc})` : ''}`,
  );
}
