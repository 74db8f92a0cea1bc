/**
 * Runs rownet, as it was built, in a vm context: a realm whose `Error`, `Map` and `Float32Array` are not those of
 * Node's own modules, which is how Jest runs everything. Prints what rownet threw there, as JSON.
 *
 * node --experimental-vm-modules other-realm.mjs FOLDER
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

const root = fileURLToPath(new URL('../..', import.meta.url));
const globals = { console, process, performance, Buffer, URL, TextEncoder, TextDecoder, AbortController };
const context = vm.createContext({
  ...globals,
  setTimeout,
  setImmediate,
  structuredClone,
  folder: process.argv[2],
  // Values of the realm outside.
  outer: {
    floats: new Float32Array(4),
    shared: new Float32Array(new SharedArrayBuffer(16)),
    map: new Map(),
    bytes: new Uint8Array(24 * 36),
    options: { kernel: 2 },
  },
});
const modules = new Map();

/** A module of Node or of a package, which stays in the realm outside. */
async function outside(specifier) {
  const namespace = await import(specifier);
  const names = Object.keys(namespace);
  const evaluate = function () {
    for (const name of names) this.setExport(name, namespace[name]);
  };
  return new vm.SyntheticModule(names, evaluate, { context, identifier: specifier });
}

function inside(path, text = readFileSync(path, 'utf8')) {
  return new vm.SourceTextModule(text, {
    context,
    identifier: path,
    initializeImportMeta: (meta) => {
      meta.url = pathToFileURL(path).href;
    },
    importModuleDynamically: async (specifier, from) => {
      const module = await link(specifier, from);
      await module.link(link);
      await module.evaluate();
      return module;
    },
  });
}

async function link(specifier, from) {
  const isOurs = specifier === 'rownet' || specifier.startsWith('.');
  const path = isOurs
    ? resolve(dirname(from.identifier), specifier === 'rownet' ? `${root}/dist/index.js` : specifier)
    : specifier;
  if (!modules.has(path)) modules.set(path, isOurs ? inside(path) : outside(specifier));
  return await modules.get(path);
}

const program = fileURLToPath(new URL('other-realm-program.mjs', import.meta.url));
const entry = inside(program);
await entry.link(link);
await entry.evaluate();
console.log(JSON.stringify(entry.namespace.results));
