/** Nets that a module makes: `--net FILE`. */
import { spawnSync } from 'node:child_process';
import * as nodeModule from 'node:module';
import { basename, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage } from '../../errors.js';
import { statsOf } from '../../files.js';
import { Net } from '../../nets/net.js';
import { packageRoot } from '../../package-root.js';
import { typeName } from '../../tensor.js';
import { UsageError } from '../exit.js';
import type { NetRequest } from '../../nets/kinds.js';

/** What a module exports: a net, or what makes one. */
export interface NetModule {
  /** An absolute path. */
  readonly file: string;
  /** The net itself, where the module exports one that is made: its input shape is known before there is data. */
  readonly net: Net | undefined;
  /** @throws {UsageError} for what the module throws, with its place, and where no net comes of it. */
  make(request: NetRequest): Promise<Net>;
}

type MakeNet = (request: object) => unknown;

const extensions = ['.mjs', '.js', '.cjs', '.ts', '.mts', '.cts'];

/** Whether the text is a path rather than a name. */
export function isModulePath(text: string): boolean {
  return /[\\/]/.test(text) || extensions.includes(extname(text));
}

/**
 * Imports a module.
 * @param command for messages: `train`.
 * @throws {UsageError} where it is not there, cannot be read, throws, or exports no net or several.
 */
export async function importNet(command: string, path: string): Promise<NetModule> {
  const where = `${command}: --net: ${path}`;
  const file = resolve(path);
  if (!statsOf(file)?.isFile()) {
    throw new UsageError(`${where}: expected a module that exports a net but there is no such file`);
  }
  if (!extensions.includes(extname(file))) {
    throw new UsageError(
      `${where}: expected a module, .mjs, .js or .ts, but received a file ${extname(file) || 'without extension'}`,
    );
  }
  shareRownet();
  const exports = await load(where, file);
  const { name, value } = theNet(where, exports);
  if (value instanceof Net) return { file, net: value, make: async () => value };
  const made = value as MakeNet & (new (request: object) => unknown);
  return {
    file,
    net: undefined,
    async make(request) {
      const given = Object.fromEntries(Object.entries(request).filter(([, one]) => one !== undefined));
      let net: unknown;
      try {
        net = isClass(made) ? new made(given) : await made(given);
      } catch (error) {
        throw new UsageError(`${where}: expected a net but ${name} threw ${placed(error, file)}`, {
          cause: error,
        });
      }
      if (net instanceof Net) return net;
      throw new UsageError(`${where}: expected ${name} to return a Net but received ${typeName(net)}`);
    },
  };
}

/** Modules get this rownet by its name, wherever they lie: another copy would have other classes. */
function shareRownet(): void {
  const url = pathToFileURL(join(packageRoot(), 'dist', 'index.js')).href;
  const hook = `export const resolve = (name, context, next) =>
    name === 'rownet' ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(name, context);`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

async function load(where: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[mc]?ts$/.test(file)) {
      throw new UsageError(
        `${where}: expected a Node that runs TypeScript, 22.18, 23.6 or newer, but this is ${process.version}. ` +
          'Hint: compile the module to .mjs',
        { cause },
      );
    }
    throw new UsageError(
      `${where}: expected a module that exports a net but received ${placed(cause, file)}`,
      {
        cause,
      },
    );
  }
}

/** Default before named; a net or a class of nets before functions, which may be parts of it. */
function theNet(where: string, exports: Readonly<Record<string, unknown>>): { name: string; value: unknown } {
  const hint =
    'Hint: export default a Net, a class of Net, or a function ({ seed, init, classes, inputShape }) => Net';
  if ('default' in exports) {
    const { default: value } = exports;
    if (isNet(value) || isNetClass(value) || isFunction(value)) return { name: 'its default export', value };
    throw new UsageError(
      `${where}: expected its default export to be a net but received ${kindOfExport(value)}. ${hint}`,
    );
  }
  const named = Object.entries(exports);
  const nets = named.filter(([, value]) => isNet(value) || isNetClass(value));
  const found = nets.length > 0 ? nets : named.filter(([, value]) => isFunction(value));
  if (found.length === 1) return { name: found[0][0], value: found[0][1] };
  const names = found.map(([name]) => name).join(', ');
  throw new UsageError(
    found.length === 0
      ? `${where}: expected a module that exports a net but it exports ${named.map(([name]) => name).join(', ') || 'nothing'}. ${hint}`
      : `${where}: expected one net but it exports ${names}. Hint: export one of them as default`,
  );
}

function kindOfExport(value: unknown): string {
  return typeof value === 'function' ? `the class ${value.name}` : typeName(value);
}

function isNet(value: unknown): boolean {
  return value instanceof Net;
}

function isNetClass(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof Net;
}

/** A class of something else makes no net. */
function isFunction(value: unknown): boolean {
  return typeof value === 'function' && !isClass(value);
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** `TypeError: x is not a function at net.mjs:12:9`: the innermost place in the module itself, or else in another one. */
function placed(error: unknown, file: string): string {
  const stack = error instanceof Error ? String(error.stack) : '';
  const name = error instanceof Error ? `${error.name}: ` : '';
  const text = `${name}${errorMessage(error).split('\n')[0]}`;
  const url = pathToFileURL(file).href;
  const lines = stack.split('\n');
  const own =
    lines.find((line) => line.includes(`${url}:`)) ?? lines.find((line) => /^file:.*:\d+$/.test(line));
  const place = /file:[^ ()]*\/([^/ ()]+:\d+(?::\d+)?)/.exec(own ?? '')?.[1];
  if (place !== undefined) return `${text} at ${decodeURIComponent(place)}`;
  // Node keeps the place of a syntax error to itself.
  return error instanceof SyntaxError ? `${text}${syntaxPlace(file)}` : text;
}

function syntaxPlace(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  const line = /:(\d+)$/.exec(String(stderr).split('\n')[0])?.[1];
  return line === undefined ? '' : ` at ${basename(file)}:${line}`;
}
