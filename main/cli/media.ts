import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { FailureError, type Result } from '../../core/base/index.ts';
import { exitCodeOf, fail } from '../../core/contract/codes.ts';
import type { ImageCheck, ImageDescription, ImageRef } from '../../core/contract/images.ts';
import type { ImageFormatName } from '../../core/contract/machine.ts';
import {
  checkImageFile,
  compactImageFile,
  convertImageFile,
  createImageFile,
  describeImage,
  resizeImageFile,
} from '../services/images.ts';
import type { TaskContext } from '../services/tasks.ts';
import { formatByName } from './image-names.ts';
import { oneLine, type CliIo } from './io.ts';
import { MEDIA_COMMANDS } from './media-options.ts';
import { parseOptions } from './options.ts';

/** `terrarium media …`. Returns the exit status. */
export async function media([name, ...args]: readonly string[], io: CliIo): Promise<number> {
  const command = MEDIA_COMMANDS.find((known) => known.name === name);
  if (!command)
    throw new FailureError(
      fail('args.invalid', `there is no command "media ${name ?? ''}"`, 'terrarium --help lists them'),
    );
  const found: string[] = [];
  const given = parseOptions(command.options, args, { names: command.words, found });
  return await new MediaRun(found, given, io).run(command.name);
}

class MediaRun {
  readonly #words: readonly string[];
  readonly #given: ReturnType<typeof parseOptions>;
  readonly #io: CliIo;

  constructor(words: readonly string[], given: ReturnType<typeof parseOptions>, io: CliIo) {
    this.#words = words;
    this.#given = given;
    this.#io = io;
  }

  async run(command: string): Promise<number> {
    const [path] = this.#words;
    // Disks of the library have commands of their own, of like names.
    if (['check', 'resize', 'compact'].includes(command) && path === basename(path) && !existsSync(path))
      throw new FailureError(
        fail(
          'file.missing',
          `${path}: no such file`,
          `check the name and the folder; for a disk of the library: terrarium disk ${command}`,
        ),
      );
    switch (command) {
      case 'info':
        return this.#describe(describeImage(this.#ref(path)));
      case 'check':
        return this.#report(await checkImageFile(this.#ref(path), this.#has('repair')));
      case 'create':
        return this.#create(path);
      case 'resize':
        return this.#describe(await resizeImageFile(this.#ref(path), parseSize(this.#words[1])));
      case 'compact':
        return await this.#withProgress((context) => compactImageFile(this.#ref(path), context));
      default: {
        const to = this.#words[1];
        const conversion = { from: this.#ref(path), to, ...this.#newImage(to) };
        return await this.#withProgress((context) => convertImageFile(conversion, context));
      }
    }
  }

  #one(name: string): string | undefined {
    return this.#given.find((option) => option.name === name)?.value;
  }
  #has(name: string): boolean {
    return this.#one(name) !== undefined;
  }

  #ref(path: string): ImageRef {
    const format = this.#one('format') as ImageFormatName | undefined;
    const allow = this.#given.filter(({ name }) => name === 'allow').map(({ value }) => value);
    return { path, ...(format && { format }), ...(allow.length > 0 && { allow }) };
  }

  #newImage(path: string) {
    const variant = this.#one('variant');
    const clusterSize = this.#one('cluster-size');
    const compression = this.#one('compression') as 'none' | 'zlib' | 'zstd' | undefined;
    return {
      format: (this.#one('to-format') as ImageFormatName | undefined) ?? formatByName(path) ?? formatIsNeeded(path),
      ...(variant !== undefined && { variant }),
      ...(clusterSize !== undefined && { clusterBytes: parseSize(clusterSize) }),
      ...(compression && { compression }),
    };
  }

  #create(path: string): number {
    const size = this.#one('size');
    const parent = this.#one('parent');
    return this.#describe(
      createImageFile({
        path,
        ...this.#newImage(path),
        ...(size !== undefined && { sizeBytes: parseSize(size) }),
        ...(parent !== undefined && { parent: this.#ref(parent) }),
      }),
    );
  }

  /** Says how far it is, and ends on a signal. */
  async #withProgress(work: (context: TaskContext) => Promise<Result<ImageDescription>>): Promise<number> {
    const abort = new AbortController();
    let exit: number | undefined;
    const stopListening = this.#io.onSignal((signal) => {
      exit = signal === 'SIGINT' ? 130 : 143;
      abort.abort();
    });
    const live = this.#io.stdout.isTTY === true && !this.#has('json');
    let shown = -1;
    try {
      const converted = await work({
        signal: abort.signal,
        onProgress: (doneBytes, totalBytes) => {
          const percent = Math.floor((doneBytes / totalBytes) * 100);
          if (!live || percent === shown) return;
          shown = percent;
          this.#io.stderr.write(`\r${String(percent).padStart(3)} %`);
        },
      });
      if (shown >= 0) this.#io.stderr.write('\r     \r');
      if (!converted.ok && exit !== undefined) {
        if (this.#has('json')) this.#json({ error: converted.error });
        return exit;
      }
      return this.#describe(converted);
    } finally {
      stopListening();
    }
  }

  #describe(result: Result<ImageDescription>): number {
    if (!result.ok) throw new FailureError(result.error);
    const info = result.value;
    if (this.#has('json')) return this.#json(info);
    const lines: [string, string][] = [
      ['image', info.path],
      ['format', info.variant === undefined ? info.format : `${info.format} (${info.variant})`],
      ['disk', `${sizeText(info.sizeBytes)} (${info.sizeBytes} bytes)`],
      ['file', sizeText(info.fileBytes)],
    ];
    if (info.clusterBytes !== undefined) lines.push(['clusters', sizeText(info.clusterBytes)]);
    if (info.parent)
      lines.push(['parent', `${info.parent.reference}${info.parent.format ? ` (${info.parent.format})` : ''}`]);
    for (const [key, value] of Object.entries(info.details)) lines.push([key, String(value)]);
    for (const { id, name, createdAt, stateBytes } of info.snapshots)
      lines.push(['snapshot', `${id} "${name}" of ${createdAt}${stateBytes > 0 ? ', with memory' : ''}`]);
    this.#print(lines);
    return 0;
  }

  #report(result: Result<ImageCheck>): number {
    if (!result.ok) throw new FailureError(result.error);
    const report = result.value;
    if (this.#has('json')) this.#json(report);
    else {
      const lines: [string, string][] = report.errors.map((error) => ['error', error]);
      lines.push(
        ['errors', String(report.errorCount)],
        ['leaked', sizeText(report.leakedBytes)],
        ['in use', sizeText(report.allocatedBytes)],
      );
      if (report.repaired > 0) lines.push(['repaired', String(report.repaired)]);
      this.#print(lines);
    }
    return report.errorCount > 0 ? exitCodeOf('image.corrupt') : 0;
  }

  #json(value: unknown): number {
    this.#io.stdout.write(`${JSON.stringify(value)}\n`);
    return 0;
  }

  #print(lines: readonly (readonly [string, string])[]): void {
    const width = Math.max(...lines.map(([key]) => key.length));
    this.#io.stdout.write(lines.map(([key, value]) => `${key.padEnd(width)}  ${oneLine(value)}\n`).join(''));
  }
}

const UNITS = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

function parseSize(text: string): number {
  const match = /^(\d{1,15})([KMGT]?)(?:i?B)?$/i.exec(text);
  const bytes = match ? Number(match[1]) * UNITS[match[2].toUpperCase() as keyof typeof UNITS] : Number.NaN;
  if (bytes > 0 && Number.isSafeInteger(bytes) && bytes % 512 === 0) return bytes;
  throw new FailureError(
    fail('args.invalid', `"${text}" is no size of a disk`, 'write a multiple of 512 bytes, for example 20G'),
  );
}

function formatIsNeeded(path: string): never {
  throw new FailureError(
    fail('args.invalid', `the format of ${path} cannot be told from its name`, 'name it with --to-format'),
  );
}

function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const)
    if (bytes >= size) return `${Number((bytes / size).toFixed(2))} ${unit}`;
  return `${bytes} bytes`;
}
